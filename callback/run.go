package callback

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hearth-faas/hearth/store"
)

const (
	listen = 3 * time.Second        // longest wait for the bell, and so for the end of Run
	sweep  = 250 * time.Millisecond // between two looks at who is due
	rest   = time.Second            // after an error, which is most likely Redis'
	batch  = 32                     // deliveries claimed at once
	spaces = 100                    // namespaces looked at in one sweep
)

// Run attempts deliveries until ctx ends, and returns nil when no attempt is
// under way any more: those that are get a little time, and what is left of
// them is tried again by whoever comes next. It outlives outages of Redis.
func (s *Sender) Run(ctx context.Context) error {
	attempts, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var all errgroup.Group
	all.Go(func() error { s.turns(ctx, "bell of deliveries is not heard", s.listen); return nil })
	all.Go(func() error { s.turns(ctx, "deliveries are not looked for", s.sweep); return nil })
	all.Go(func() error { s.collectAll(ctx, attempts, stop); return nil })
	return all.Wait()
}

// turns calls turn until ctx ends, and rests after errors.
func (s *Sender) turns(ctx context.Context, trouble string, turn func(context.Context) error) {
	down := false
	for ctx.Err() == nil {
		err := turn(ctx)
		if err == nil || ctx.Err() != nil {
			down = false
			continue
		}
		if !down {
			down = true
			s.log.Warn("callbacks are held up", "what", trouble, "err", err)
		}
		pause(ctx, rest)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// listen waits for namespaces that have just got a delivery.
func (s *Sender) listen(ctx context.Context) error {
	names, err := s.db.AwaitOwing(ctx, min(listen, max(s.opt.Look, time.Second)))
	s.poke(names...)
	return err
}

// sweep finds what nobody has rung for: retries, and what others left behind.
func (s *Sender) sweep(ctx context.Context) error {
	names, err := s.db.Owing(ctx, spaces)
	if err != nil {
		return err
	}
	for _, ns := range names {
		after := s.opt.Look
		if s.db.Clustered() { // nobody rings there
			after = min(after, time.Second)
		}
		if err := s.db.LookAgain(ctx, ns, after); err != nil {
			return err
		}
	}
	s.poke(names...)
	pause(ctx, sweep)
	return nil
}

// poke has namespaces looked at.
func (s *Sender) poke(names ...string) {
	if len(names) == 0 {
		return
	}
	s.mu.Lock()
	for _, ns := range names {
		s.due[ns] = true
	}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// collectAll claims what is due as long as there is room, and begins the
// attempts. They stop after it: with a grace, and then at once.
func (s *Sender) collectAll(ctx, attempts context.Context, stop func()) {
	var open sync.WaitGroup
	for ctx.Err() == nil {
		for _, ns := range s.takeDue() {
			if err := s.collect(ctx, attempts, &open, ns); err != nil && ctx.Err() == nil {
				s.log.Warn("deliveries are not claimed", "namespace", ns, "err", err)
				pause(ctx, rest)
			}
		}
		select {
		case <-ctx.Done():
		case <-s.wake:
		}
	}
	grace := time.AfterFunc(s.opt.Grace, stop)
	defer grace.Stop()
	open.Wait()
}

func (s *Sender) takeDue() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, 0, len(s.due))
	for ns := range s.due {
		names = append(names, ns)
	}
	clear(s.due)
	return names
}

// collect claims deliveries of a namespace. What there is no room for is
// looked at again when an attempt has ended.
func (s *Sender) collect(ctx, attempts context.Context, open *sync.WaitGroup, ns string) error {
	want := s.room(ns)
	if want.Most <= 0 {
		return nil
	}
	list, more, next, err := s.db.ClaimParcels(ctx, ns, want)
	for _, p := range list {
		s.begin(p)
		open.Go(func() {
			defer s.end(p)
			s.handle(attempts, p)
		})
	}
	switch {
	case err != nil:
		return err
	case more && len(list) > 0:
		s.poke(ns)
	case more:
		s.mu.Lock()
		s.hungry[ns] = true
		s.mu.Unlock()
	case next >= 0 && next < s.opt.Look:
		return s.db.LookBy(ctx, ns, next)
	}
	return nil
}

// room says what may be claimed for a namespace now.
func (s *Sender) room(ns string) store.Collection {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := min(s.opt.Abreast-s.busy, max(s.opt.Abreast/2, 1)-s.spaces[ns], batch)
	if most <= 0 {
		s.hungry[ns] = true
	}
	free := map[string]int{}
	for name, l := range s.lanes {
		free[name] = l.room(s.opt.Host)
	}
	return store.Collection{Most: most, Lease: s.opt.Timeout + leaseMargin, Lane: s.opt.Host, Free: free}
}

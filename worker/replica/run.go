package replica

import (
	"context"
	"sync"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

const (
	// againAfter is the pause after a report that failed.
	againAfter = time.Second
	// farewell bounds the end of all replicas.
	farewell = 30 * time.Second
	// shareEvery is how often the number of calls in flight is told, while it
	// changes.
	shareEvery = 2 * time.Second
	// shareAgain is how often what has not changed is told once more: a process
	// that was taken for lost, and is not, comes to be known again by it.
	shareAgain = 30 * time.Second
)

// Run starts and ends replicas until ctx is done; then it drains and removes
// them all.
func (m *Manager) Run(ctx context.Context) error {
	var work sync.WaitGroup
	support, end := context.WithCancel(context.WithoutCancel(ctx))
	logging, quiet := context.WithCancel(context.WithoutCancel(ctx))
	var logs sync.WaitGroup
	logs.Go(func() { m.logs(logging) })
	defer logs.Wait()
	defer quiet() // after the last replica
	defer end()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		timer.Reset(m.reconcile(ctx, support, &work))
		select {
		case <-ctx.Done():
		case <-m.nudge:
		case <-timer.C:
		}
	}
	m.Set(nil)
	m.reconcile(support, support, &work)
	done := make(chan struct{})
	go func() {
		work.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(farewell):
		end() // what is in flight is cut off; the containers go
		<-done
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), againAfter)
	defer cancel()
	m.report(last)
	return nil
}

// reconcile does what is to be done now, and returns when to look again.
func (m *Manager) reconcile(ctx, life context.Context, work *sync.WaitGroup) time.Duration {
	now := time.Now()
	next := time.Hour
	m.mu.Lock()
	for name, s := range m.sets {
		for range s.plan(now) {
			r := newReplica(s.revision())
			s.replicas = append(s.replicas, r)
			target := s.target
			work.Go(func() { m.live(life, name, s, target, r) })
		}
		if wait := s.rest.Sub(now); wait > 0 && s.target.Count > 0 {
			next = min(next, wait)
		}
		if len(s.replicas) > 0 {
			next = min(next, shareEvery)
		}
	}
	m.mu.Unlock()
	if !m.report(ctx) {
		next = min(next, againAfter)
	}
	return next
}

// report tells the platform what has changed, and forgets functions of which
// nothing is left. It reports false when that is to be tried again.
func (m *Manager) report(ctx context.Context) (told bool) {
	changed := map[core.Name]store.Share{}
	m.mu.Lock()
	for name, s := range m.sets {
		share := s.share(m.opt.Worker)
		if s.stale || time.Since(s.told) > shareAgain && len(s.replicas) > 0 || differs(share, s.reported) || share.Inflight != s.reported.Inflight {
			changed[name] = share
		} else if s.target.Count == 0 && len(s.replicas) == 0 {
			delete(m.sets, name)
		}
	}
	m.mu.Unlock()
	told = true
	for name, share := range changed {
		err := m.opt.Report(ctx, name, share)
		if err != nil && ctx.Err() == nil {
			told = false
			m.log.Warn("replicas were not reported", "namespace", name.Namespace, "action", name.Name, "err", err)
		}
		m.mu.Lock()
		if s := m.sets[name]; s != nil {
			s.stale = err != nil
			if err == nil {
				s.reported, s.told = share, time.Now()
			}
			if s.target.Count == 0 && len(s.replicas) == 0 && err == nil {
				delete(m.sets, name)
			}
		}
		m.mu.Unlock()
	}
	return told
}

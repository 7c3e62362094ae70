// Package stream makes the entries of other people's Redis streams into
// events. A trigger with the annotation "stream" fires by them: see Settings.
//
// Every process reads as a consumer of the stream's group, so that they share
// the work. An entry is acknowledged once its event is in the platform's own
// Redis; one script writes the event and remembers its entries, so that
// whatever is read again becomes no second one.
package stream

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/foreign"
)

// Options of a Runner.
type Options struct {
	// Name of the process, unlike any other's; required.
	Name string
	// Idle is after how long entries that a consumer got and did not
	// acknowledge are another's; 0 means 30 s.
	Idle time.Duration
	// Look is how often the streams are looked up; 0 means 5 s.
	Look time.Duration
	// Foreign bounds what streams may be named.
	Foreign foreign.Options
}

// Runner reads the streams of all triggers. Any number may run.
type Runner struct {
	plane *control.Plane
	db    *store.DB
	log   *slog.Logger
	opt   Options

	mu      sync.Mutex
	running map[core.Name]*running
}

// running is a stream that is being read.
type running struct {
	doc      string
	consumer *consumer
	stop     context.CancelFunc
	done     <-chan struct{}
}

// New makes a Runner and starts nothing.
func New(plane *control.Plane, db *store.DB, log *slog.Logger, opt Options) *Runner {
	if opt.Idle <= 0 {
		opt.Idle = 30 * time.Second
	}
	if opt.Look <= 0 {
		opt.Look = 5 * time.Second
	}
	return &Runner{plane: plane, db: db, log: log, opt: opt, running: map[core.Name]*running{}}
}

// Run reads streams until ctx ends, and returns nil. It outlives outages of
// Redis and of the streams.
func (r *Runner) Run(ctx context.Context) error {
	var all errgroup.Group
	timer := time.NewTimer(0)
	defer timer.Stop()
	down := false
	for {
		select {
		case <-ctx.Done():
			return all.Wait() // each of them has the same ctx
		case <-timer.C:
		}
		err := r.look(ctx, &all)
		if err != nil && ctx.Err() == nil && !down {
			r.log.Warn("streams are not looked up", "err", err)
		}
		down = err != nil
		timer.Reset(r.opt.Look)
	}
}

// look starts and stops consumers, so that they are those that triggers ask
// for.
func (r *Runner) look(ctx context.Context, all *errgroup.Group) error {
	feeds, err := r.db.Feeds(ctx)
	if err != nil {
		return err
	}
	wanted := map[core.Name]store.Feed{}
	for _, f := range feeds {
		_, err := r.db.Trigger(ctx, f.Trigger)
		switch {
		case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrOtherType):
			if err := r.db.DropFeed(ctx, f.Trigger); err != nil { // its namespace went with it
				return err
			}
		case err != nil:
			return err
		default:
			wanted[f.Trigger] = f
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, is := range r.running {
		if want, ok := wanted[name]; ok && string(want.Doc) == is.doc {
			continue
		}
		is.stop()
		<-is.done
		delete(r.running, name)
	}
	for name, want := range wanted {
		if r.running[name] == nil {
			r.start(ctx, all, want)
		}
	}
	return nil
}

func (r *Runner) start(ctx context.Context, all *errgroup.Group, feed store.Feed) {
	var s Settings
	log := r.log.With("namespace", feed.Trigger.Namespace, "trigger", feed.Trigger.Name)
	err := json.Unmarshal(feed.Doc, &s)
	var rules rules
	if err == nil {
		rules, err = s.parse()
	}
	if err != nil {
		log.Error("stream cannot be read, its settings make no sense")
	}
	own, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	is := &running{doc: string(feed.Doc), stop: stop, done: done}
	r.running[feed.Trigger] = is
	if err != nil || s.Paused {
		close(done)
		return
	}
	is.consumer = &consumer{runner: r, trigger: feed.Trigger, rules: rules, log: log}
	all.Go(func() error {
		defer close(done)
		is.consumer.run(own)
		return nil
	})
}

// Lags are how many entries of each stream have not become events, of those
// whose Redis answers.
func (r *Runner) Lags(ctx context.Context) map[core.Name]int64 {
	r.mu.Lock()
	list := map[core.Name]*consumer{}
	for name, is := range r.running {
		if is.consumer != nil {
			list[name] = is.consumer
		}
	}
	r.mu.Unlock()
	lags := map[core.Name]int64{}
	for name, c := range list {
		if lag, ok := c.lag(ctx); ok {
			lags[name] = lag
		}
	}
	return lags
}

package cron

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/triggers"
)

const (
	batch = 100                  // schedules looked at in one go
	look  = 5 * time.Second      // longest wait between two looks, and for the first tick of a new schedule
	rest  = time.Second          // after an error, which is most likely Redis'
	pause = 5 * time.Millisecond // shortest
	limit = 10 * time.Second     // for one schedule
)

// Scheduler writes the events of ticks. Any number may run.
type Scheduler struct {
	plane  *control.Plane
	db     *store.DB
	source *Source
	log    *slog.Logger
}

// New makes a Scheduler and starts nothing.
func New(plane *control.Plane, db *store.DB, log *slog.Logger) *Scheduler {
	return &Scheduler{plane: plane, db: db, source: NewSource(db), log: log}
}

// Run works until ctx ends, and returns nil. It outlives outages of Redis.
func (s *Scheduler) Run(ctx context.Context) error {
	var all errgroup.Group
	for shard := range store.EventShards {
		all.Go(func() error { s.shard(ctx, shard); return nil })
	}
	return all.Wait()
}

func (s *Scheduler) shard(ctx context.Context, shard int) {
	h := herald{plane: s.plane, log: s.log}
	timer := time.NewTimer(0)
	defer timer.Stop()
	down := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		wait, err := s.turn(ctx, shard, &h)
		if err != nil && ctx.Err() == nil && !down {
			s.log.Warn("schedules are not read", "err", err)
		}
		down = err != nil
		timer.Reset(wait)
	}
}

// turn works off what is due and says when to look again.
func (s *Scheduler) turn(ctx context.Context, shard int, h *herald) (time.Duration, error) {
	due, err := s.db.DueSchedules(ctx, shard, batch, heralded)
	if err != nil {
		return rest, err
	}
	for _, schedule := range due.Schedules {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
		err := s.tick(late, schedule, due.Now)
		cancel()
		switch {
		case core.KindOf(err) == core.KindUnavailable:
			return rest, err
		case err != nil:
			s.log.Error("schedule is dropped", "namespace", schedule.Trigger.Namespace, "trigger", schedule.Trigger.Name, "err", err)
			if err := s.db.DropSchedule(ctx, schedule.Trigger); err != nil {
				return rest, err
			}
		}
	}
	if len(due.Schedules) == batch {
		return pause, nil
	}
	h.announce(ctx, due)
	wait := look
	if len(due.Coming) > 0 {
		wait = min(wait, due.Coming[0].Due.Sub(due.Now))
	}
	return max(wait, pause), nil
}

// tick fires a trigger, or calls a function, whose time has come. What it says
// now is what counts, not what the schedule remembers of it.
func (s *Scheduler) tick(ctx context.Context, schedule store.Schedule, now time.Time) error {
	w, err := s.wanted(ctx, schedule.Trigger)
	if err != nil {
		return err
	}
	if !w.ok {
		gone := store.Schedule{Trigger: schedule.Trigger, Due: time.UnixMilli(0)}
		_, err = s.db.MoveSchedule(ctx, schedule, gone, nil)
		return err
	}
	var f form
	if json.Unmarshal([]byte(schedule.Doc), &f) != nil || !f.Settings.equal(w.settings) {
		next, err := newSchedule(schedule.Trigger, w.settings, now)
		if err != nil {
			return err
		}
		_, err = s.db.MoveSchedule(ctx, schedule, next, nil)
		return err
	}
	return s.fire(ctx, schedule.Trigger, f, schedule, w, now)
}

// wanted is what a name wants of the clock now.
type wanted struct {
	settings Settings
	function bool // it is a function, and not a trigger
	ok       bool // it wants anything
}

func (s *Scheduler) wanted(ctx context.Context, name core.Name) (w wanted, err error) {
	t, err := s.db.Trigger(ctx, name)
	switch {
	case err == nil:
		w.settings, w.ok, err = settingsOf(t)
		return w, err
	case errors.Is(err, store.ErrNotFound):
		return w, nil
	case !errors.Is(err, store.ErrOtherType):
		return w, err
	}
	a, err := s.db.Action(ctx, name, false)
	switch {
	case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrOtherType):
		return w, nil
	case err != nil:
		return w, err
	}
	w.settings, w.ok = settingsOfFunction(a.Function)
	w.function = true
	return w, nil
}

// fire moves the schedule on, with the events of its tick.
func (s *Scheduler) fire(ctx context.Context, trigger core.Name, f form, schedule store.Schedule, w wanted, now time.Time) error {
	r, err := f.Settings.parse()
	if err != nil {
		return err
	}
	r.trigger = trigger.Full()
	ticks, next := r.plan(time.Unix(f.Tick, 0), now, time.Unix(f.Anchor, 0))
	var events []store.Event
	for _, tick := range ticks {
		e := store.Event{
			Trigger: trigger, Payload: f.Settings.Payload, Source: "cron",
			ID: triggers.EventID("cron", trigger.Full(), fmt.Sprint(tick.Unix())),
		}
		if w.function {
			e.Function, e.Headers = true, core.JSON(functionHeaders)
		}
		events = append(events, e)
	}
	if f.Settings.Overlap == OverlapSkip && len(events) > 0 {
		if events, err = s.apart(ctx, trigger, f.Last, events); err != nil {
			return err
		}
	}
	if len(events) > 0 {
		last := &events[len(events)-1]
		f.Last = last.ID
		if next.IsZero() {
			last.Then = f.Settings.After
		}
	}
	to, err := f.schedule(trigger, r, next)
	if err != nil {
		return err
	}
	_, err = s.db.MoveSchedule(ctx, schedule, to, events)
	return err
}

// apart leaves the last event, or none while the one before still runs.
func (s *Scheduler) apart(ctx context.Context, trigger core.Name, before core.ActivationID, events []store.Event) ([]store.Event, error) {
	last := events[len(events)-1]
	if before == "" {
		return []store.Event{last}, nil
	}
	who, err := s.plane.Owner(ctx, trigger.Namespace)
	if core.KindOf(err) == core.KindNotFound {
		return nil, nil // it is blocked, and nothing fires until it is not
	}
	if err != nil {
		return nil, err
	}
	settled, err := s.plane.Settled(ctx, who, trigger, before)
	if err != nil || !settled {
		return nil, err
	}
	last.After = before // it may not have been dispatched yet
	return []store.Event{last}, nil
}

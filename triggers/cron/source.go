package cron

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// Source keeps the schedules of triggers in step with their annotations.
type Source struct{ db *store.DB }

var _ control.TriggerSource = (*Source)(nil)

// NewSource returns a Source.
func NewSource(db *store.DB) *Source { return &Source{db: db} }

// form is what Redis keeps of a schedule.
type form struct {
	Settings Settings `json:"settings"`
	Anchor   int64    `json:"anchor"` // when it was made, in seconds
	Tick     int64    `json:"tick"`   // the next one
	// Last is the id of the last event.
	Last core.ActivationID `json:"last,omitempty"`
}

// Take reads the annotation; see control.TriggerSource.
func (s *Source) Take(_ context.Context, t *core.Trigger) (func(context.Context) error, error) {
	name := t.Name
	settings, ok, err := settingsOf(t)
	if err != nil {
		return nil, err
	}
	if !ok {
		return func(ctx context.Context) error { return s.Drop(ctx, name) }, nil
	}
	return func(ctx context.Context) error { return s.put(ctx, name, settings) }, nil
}

// Drop forgets a trigger's schedule.
func (s *Source) Drop(ctx context.Context, trigger core.Name) error {
	return s.db.DropSchedule(ctx, trigger)
}

// settingsOf returns the settings of a trigger that has any and is not paused.
func settingsOf(t *core.Trigger) (Settings, bool, error) {
	annotation, ok := t.Annotations.Get(Annotation)
	if !ok || string(annotation) == "null" {
		return Settings{}, false, nil
	}
	settings, err := ParseSettings(annotation)
	return settings, err == nil && !settings.Paused, err
}

// put writes the schedule, unless it is there already: a change of something
// else in the trigger leaves its ticks alone.
func (s *Source) put(ctx context.Context, trigger core.Name, settings Settings) error {
	old, err := s.db.Schedule(ctx, trigger)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	var f form
	if err == nil && json.Unmarshal([]byte(old.Doc), &f) == nil && f.Settings.equal(settings) {
		return nil
	}
	now, err := s.db.Now(ctx)
	if err != nil {
		return err
	}
	first, err := newSchedule(trigger, settings, now)
	if err != nil {
		return err
	}
	return s.db.PutSchedule(ctx, first)
}

func newSchedule(trigger core.Name, settings Settings, now time.Time) (store.Schedule, error) {
	r, err := settings.parse()
	if err != nil {
		return store.Schedule{}, err
	}
	r.trigger = trigger.Full()
	f := form{Settings: settings, Anchor: now.Unix()}
	return f.schedule(trigger, r, r.next(now, time.Unix(f.Anchor, 0)))
}

// schedule is the form with the next tick; it is empty when there is none.
func (f form) schedule(trigger core.Name, r rules, tick time.Time) (store.Schedule, error) {
	s := store.Schedule{Trigger: trigger, Due: time.UnixMilli(0)}
	if tick.IsZero() {
		return s, nil
	}
	f.Tick = tick.Unix()
	doc, err := json.Marshal(f)
	s.Doc, s.Due = string(doc), r.due(tick)
	return s, err
}

// equal compares settings as they are stored.
func (s Settings) equal(other Settings) bool {
	a, err := json.Marshal(s)
	b, also := json.Marshal(other)
	return err == nil && also == nil && bytes.Equal(a, b)
}

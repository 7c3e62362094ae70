package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/foreign"
)

// Source keeps the streams of triggers in step with their annotations.
type Source struct {
	db  *store.DB
	opt foreign.Options
}

var _ control.TriggerSource = (*Source)(nil)

// NewSource returns a Source. opt bounds what streams may be named.
func NewSource(db *store.DB, opt foreign.Options) *Source { return &Source{db: db, opt: opt} }

// tryTime bounds the trial of a stream that somebody names.
const tryTime = 5 * time.Second

// Take reads the annotation, tries the stream, makes its group, and takes the
// password out; see control.TriggerSource. An address as it is shown means
// the one that is known.
func (s *Source) Take(ctx context.Context, t *core.Trigger) (func(context.Context) error, error) {
	name := t.Name
	annotation, ok := t.Annotations.Get(Annotation)
	if !ok || string(annotation) == "null" {
		return func(ctx context.Context) error { return s.Drop(ctx, name) }, nil
	}
	settings, err := ParseSettings(annotation)
	if err != nil {
		return nil, err
	}
	known, err := s.known(ctx, name)
	if err != nil {
		return nil, err
	}
	if known.URL != "" && settings.URL == known.public().URL {
		settings.URL = known.URL
	}
	if err := s.try(ctx, settings); err != nil {
		return nil, err
	}
	shown, err := json.Marshal(settings.public())
	if err != nil {
		return nil, fmt.Errorf("encode settings of stream: %w", err)
	}
	doc, err := json.Marshal(settings)
	if err != nil {
		return nil, fmt.Errorf("encode settings of stream: %w", err)
	}
	t.Annotations = t.Annotations.With(Annotation, shown)
	return func(ctx context.Context) error {
		return s.db.PutFeed(ctx, store.Feed{Trigger: name, Doc: doc})
	}, nil
}

// known are the settings that a trigger has; zero for none.
func (s *Source) known(ctx context.Context, trigger core.Name) (settings Settings, err error) {
	feed, err := s.db.Feed(ctx, trigger)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return settings, nil
	case err != nil:
		return settings, err
	}
	return settings, json.Unmarshal(feed.Doc, &settings)
}

// try says early what would not work.
func (s *Source) try(ctx context.Context, settings Settings) error {
	r, err := settings.parse()
	if err != nil {
		return err
	}
	rdb, err := foreign.Open(settings.URL, s.opt)
	if err != nil {
		return core.Errorf(core.KindInvalid, "The address of the stream cannot be used: %v.", err)
	}
	defer rdb.Close()
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	if r.Channel != "" {
		err = rdb.Ping(ctx)
	} else {
		err = rdb.Join(ctx, r.Key, r.Group, r.Start)
	}
	if err != nil {
		return core.Errorf(core.KindInvalid, "The stream cannot be read: %v.", err)
	}
	return nil
}

// Drop forgets a trigger's stream. Its group stays, with its place.
func (s *Source) Drop(ctx context.Context, trigger core.Name) error {
	return s.db.DropFeed(ctx, trigger)
}

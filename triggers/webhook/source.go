package webhook

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// Source keeps the webhooks of triggers in step with their annotations.
type Source struct{ db *store.DB }

var _ control.TriggerSource = (*Source)(nil)

// NewSource returns a Source.
func NewSource(db *store.DB) *Source { return &Source{db: db} }

// form is what Redis keeps of a webhook.
type form struct {
	Settings Settings `json:"settings"` // without secrets
	// Born tells one webhook from an earlier one of the same trigger.
	Born    string   `json:"born"`
	Secrets []secret `json:"secrets,omitempty"`
	Verify  string   `json:"verify,omitempty"`
}

// secret is one of those that a webhook accepts.
type secret struct {
	Value string    `json:"value"`
	Added time.Time `json:"added"`
	Until time.Time `json:"until,omitzero"` // zero: for good
}

// live are the secrets that are good at a time.
func (f form) live(now time.Time) []string {
	var list []string
	for _, s := range f.Secrets {
		if s.Until.IsZero() || now.Before(s.Until) {
			list = append(list, s.Value)
		}
	}
	return list
}

// Take reads the annotation and takes the secrets out of it; see
// control.TriggerSource. A change that names none keeps those that there are.
func (s *Source) Take(_ context.Context, t *core.Trigger) (func(context.Context) error, error) {
	name := t.Name
	annotation, ok := t.Annotations.Get(Annotation)
	if !ok || string(annotation) == "null" {
		return func(ctx context.Context) error { return s.Drop(ctx, name) }, nil
	}
	settings, err := ParseSettings(annotation)
	if err != nil {
		return nil, err
	}
	if t.Revision == "" && len(settings.secrets()) == 0 && schemes()[settings.Scheme].secret {
		return nil, errNoSecret(settings.Scheme)
	}
	shown, err := json.Marshal(settings.public())
	if err != nil {
		return nil, fmt.Errorf("encode settings of webhook: %w", err)
	}
	t.Annotations = t.Annotations.With(Annotation, shown)
	return func(ctx context.Context) error { return s.put(ctx, name, settings) }, nil
}

func errNoSecret(scheme string) error {
	return core.Errorf(core.KindInvalid, "A webhook of the scheme %s needs a secret.", scheme)
}

// Drop forgets a trigger's webhook.
func (s *Source) Drop(ctx context.Context, trigger core.Name) error {
	return s.db.DropHook(ctx, trigger)
}

// put writes the webhook.
func (s *Source) put(ctx context.Context, trigger core.Name, settings Settings) error {
	return s.change(ctx, trigger, func(f *form) error {
		if f.Born == "" {
			f.Born = rand.Text()
		}
		f.Settings = settings.public()
		if settings.Verify != "" {
			f.Verify = settings.Verify
		}
		now := time.Now().UTC()
		if values := settings.secrets(); len(values) > 0 {
			old := f.Secrets
			f.Secrets = nil
			for _, v := range values {
				one := secret{Value: v, Added: now}
				if i := slices.IndexFunc(old, func(s secret) bool { return s.Value == v }); i >= 0 {
					one.Added = old[i].Added
				}
				f.Secrets = append(f.Secrets, one)
			}
		}
		if len(f.live(now)) == 0 && schemes()[settings.Scheme].secret {
			return errNoSecret(settings.Scheme)
		}
		return nil
	})
}

// change applies a change to what is kept of a webhook, once more for each
// race that it loses.
func (s *Source) change(ctx context.Context, trigger core.Name, apply func(*form) error) error {
	for {
		old, err := s.db.Hook(ctx, trigger)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		var f form
		if err == nil {
			if err := json.Unmarshal(old.Doc, &f); err != nil {
				return fmt.Errorf("read webhook: %w", err)
			}
		}
		if err := apply(&f); err != nil {
			return err
		}
		doc, err := json.Marshal(f)
		if err != nil {
			return fmt.Errorf("encode webhook: %w", err)
		}
		err = s.db.PutHook(ctx, trigger, old, doc)
		if !errors.Is(err, store.ErrChanged) {
			return err
		}
	}
}

// rotate adds a secret and lets the others be good for keep more.
func (s *Source) rotate(ctx context.Context, trigger core.Name, value string, keep time.Duration) error {
	return s.change(ctx, trigger, func(f *form) error {
		if f.Born == "" {
			return errNoHook
		}
		now := time.Now().UTC()
		var list []secret
		for _, old := range f.Secrets {
			if end := now.Add(keep); old.Until.IsZero() || end.Before(old.Until) {
				old.Until = end
			}
			if old.Value != value && now.Before(old.Until) {
				list = append(list, old)
			}
		}
		list = append(list, secret{Value: value, Added: now})
		f.Secrets = list[max(0, len(list)-maxSecrets):]
		return nil
	})
}

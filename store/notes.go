package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hearth-faas/hearth/core"
)

// Notes are the labels and annotations of a namespace.
type Notes struct{ Labels, Annotations map[string]string }

// CreateNotedNamespace is CreateNamespace with notes on it from the start.
func (db *DB) CreateNotedNamespace(ctx context.Context, name string, notes Notes) (core.Credentials, error) {
	fields, err := notes.fields()
	if err != nil {
		return core.Credentials{}, err
	}
	c := newCredentials()
	return c, db.createNamespace(ctx, name, c, fields...)
}

// SetNotes replaces the notes on a namespace. KindNotFound.
func (db *DB) SetNotes(ctx context.Context, name string, notes Notes) error {
	fields, err := notes.fields()
	if err != nil {
		return err
	}
	return db.setNamespace(ctx, name, fields...)
}

func (n Notes) fields() ([]any, error) {
	labels, err := encode(n.Labels)
	if err != nil {
		return nil, err
	}
	annotations, err := encode(n.Annotations)
	return []any{"labels", labels, "annotations", annotations}, err
}

func parseNotes(fields map[string]string) (labels, annotations map[string]string, err error) {
	for field, to := range map[string]*map[string]string{"labels": &labels, "annotations": &annotations} {
		if text := fields[field]; text != "" {
			if err := json.Unmarshal([]byte(text), to); err != nil {
				return nil, nil, fmt.Errorf("%s: %w: %w", field, ErrCorrupt, err)
			}
		}
	}
	return labels, annotations, nil
}

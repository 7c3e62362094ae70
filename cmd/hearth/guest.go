package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// guestNamespace is the namespace that a platform of its own begins with.
const guestNamespace = "guest"

// guest makes the first namespace when it is not there, and returns its key.
// Redis keeps no secrets, so the key of one that is there is that of the
// property file; when the file is gone or belongs to other data, the
// namespace gets a new one.
func guest(ctx context.Context, db *store.DB, dir string) (core.Credentials, error) {
	key, err := db.CreateNamespace(ctx, guestNamespace)
	if err == nil {
		return key, nil
	}
	if core.KindOf(err) != core.KindConflict {
		return core.Credentials{}, fmt.Errorf("make namespace: %w", err)
	}
	props, err := readProperties(filepath.Join(dir, propertyFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return core.Credentials{}, err
	}
	uuid, secret, _ := strings.Cut(props["AUTH"], ":")
	key = core.Credentials{UUID: uuid, Secret: secret}
	who, err := db.Authenticate(ctx, key)
	switch {
	case err == nil && who.Namespace.Name == guestNamespace:
		return key, nil
	case err != nil && core.KindOf(err) != core.KindUnauthenticated:
		return core.Credentials{}, fmt.Errorf("check the key of the property file: %w", err)
	}
	if key, err = db.RotateKey(ctx, guestNamespace); err != nil {
		return core.Credentials{}, fmt.Errorf("give namespace a new key: %w", err)
	}
	return key, nil
}

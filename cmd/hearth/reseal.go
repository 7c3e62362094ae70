package main

import (
	"context"
	"fmt"

	"github.com/hearth-faas/hearth/store"
)

type resealCommand struct {
	operator
	sealSettings
}

// Run seals what is kept in Redis with the first key, while the platform runs.
func (c resealCommand) Run(ctx context.Context, p *program) error {
	keys, err := c.keysNear(c.Data)
	if err != nil {
		return err
	}
	if keys == nil {
		return usagef("there is no key to seal with: --seal-key-file names a file of them")
	}
	rdb, err := connect(c.address())
	if err != nil {
		return err
	}
	defer rdb.Close()
	db := store.NewSealing(rdb, keys)
	if err := db.CheckSeal(ctx); err != nil {
		return err
	}
	n, err := db.Reseal(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "sealed %d things with the key %s\n", n, keys.ID())
	return err
}

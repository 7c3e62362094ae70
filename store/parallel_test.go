package store_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// TestParallelWritesLeaveNothingBehind has 50 writers create, update and
// delete entities of all types under the same few names, through two
// databases' worth of clients, and then looks for what does not fit together.
func TestParallelWritesLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	db, rdb := setup(t)
	ctx := t.Context()
	dbs := []*store.DB{db, store.New(rdb)}
	var wg sync.WaitGroup
	var wins [4]sync.Map
	for writer := range 50 {
		wg.Go(func() {
			db := dbs[writer%len(dbs)]
			for range 40 {
				n := rand.IntN(4)
				err := scramble(ctx, db, n)
				switch {
				case err == nil:
					wins[n].Store(writer, true)
				case core.KindOf(err) == core.KindConflict, core.KindOf(err) == core.KindNotFound, errors.Is(err, store.ErrBinding):
				default:
					t.Errorf("writer %d: %v", writer, err)
					return
				}
			}
		})
	}
	wg.Wait()
	for n := range wins {
		some := false
		wins[n].Range(func(any, any) bool { some = true; return false })
		if !some {
			t.Errorf("no write of kind %d ever succeeded", n)
		}
	}
	wantSound(t, db)
}

// scramble makes one random write of a kind.
func scramble(ctx context.Context, db *store.DB, kind int) error {
	pick := func(names ...string) string { return names[rand.IntN(len(names))] }
	remove := rand.IntN(3) == 0
	switch kind {
	case 0:
		n := pick("x", "y", "p/x", "p/y", "q/x")
		a, err := db.Action(ctx, name(n), false)
		if err == nil && remove {
			return db.DeleteAction(ctx, a.Name, a.Revision)
		}
		fresh := action(n)
		if err == nil {
			return db.PutAction(ctx, fresh, a.Revision)
		}
		return db.PutAction(ctx, fresh, "")
	case 1:
		fresh := pkg(pick("p", "q", "x"))
		if rand.IntN(4) == 0 {
			fresh.Binding = name("p")
		}
		p, err := db.Package(ctx, fresh.Name)
		if err == nil && remove {
			_, err := db.DeletePackage(ctx, p.Name, p.Revision, rand.IntN(2) == 0)
			return err
		}
		if err == nil {
			fresh.Binding = p.Binding
			return db.PutPackage(ctx, fresh, p.Revision)
		}
		return db.PutPackage(ctx, fresh, "")
	case 2:
		fresh := trigger(pick("t", "u", "y"))
		tr, err := db.Trigger(ctx, fresh.Name)
		if err == nil && remove {
			return db.DeleteTrigger(ctx, tr.Name, tr.Revision)
		}
		if err == nil {
			return db.PutTrigger(ctx, fresh, tr.Revision)
		}
		return db.PutTrigger(ctx, fresh, "")
	default:
		fresh := rule(pick("r", "s", "t"), pick("t", "u", "y"), pick("x", "p/x"))
		r, err := db.Rule(ctx, fresh.Name)
		switch {
		case err != nil:
			return db.PutRule(ctx, fresh, nil)
		case remove:
			return db.DeleteRule(ctx, r)
		case rand.IntN(2) == 0:
			return db.SetRule(ctx, r, rand.IntN(2) == 0)
		}
		return db.PutRule(ctx, fresh, r)
	}
}

package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// Reseal seals again, with the first key, all that is kept until somebody
// deletes it: parameters and variables of entities, secrets, keys of APIs and
// webhooks. What is in the clear is sealed, too. It returns how much it wrote.
// Revisions and times of writing stay, so that warm containers stay warm.
//
// Calls go on meanwhile: what somebody else writes in the same moment is left
// to that one, who seals with the first key as well. Activations and
// deliveries keep the key that they were sealed with, until they go.
func (db *DB) Reseal(ctx context.Context) (int, error) {
	if db.keys == nil {
		return 0, core.Errorf(core.KindInvalid, "There is no key to seal with.")
	}
	namespaces, err := db.Namespaces(ctx)
	if err != nil {
		return 0, err
	}
	r := resealer{db: db}
	for _, ns := range namespaces {
		for _, step := range []func(context.Context, string) error{r.entities, r.secrets, r.apis} {
			if err := step(ctx, ns.Name); err != nil {
				return r.written, fmt.Errorf("seal namespace %s again: %w", ns.Name, err)
			}
		}
	}
	return r.written, nil
}

type resealer struct {
	db      *DB
	written int
}

// swapScript replaces a field if it still has the value.
//
// KEYS: a hash.
// ARGV: field, old value, new value.
// Returns 1, or 0 when it has another value.
var swapScript = redis.NewScript(`
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
`)

func (r *resealer) swap(ctx context.Context, key, field, old, fresh string) error {
	n, err := swapScript.Run(ctx, r.db.rdb, []string{key}, field, old, fresh).Int()
	if err != nil {
		return unavailable(ctx, "seal again", err)
	}
	r.written += n
	return nil
}

// entities does those that have parameters, and the webhooks of triggers.
func (r *resealer) entities(ctx context.Context, namespace string) error {
	for _, typ := range []core.Type{core.TypeAction, core.TypePackage, core.TypeTrigger} {
		locals, err := r.db.rdb.ZRange(ctx, indexKey(namespace, typ), 0, -1).Result()
		if err != nil {
			return unavailable(ctx, "list "+string(typ)+"s", err)
		}
		for _, local := range locals {
			name := core.ParseLocal(namespace, local)
			if err := r.entity(ctx, name, typ); err != nil {
				return fmt.Errorf("%s %s: %w", typ, name.Full(), err)
			}
			if typ != core.TypeTrigger {
				continue
			}
			if err := r.hook(ctx, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *resealer) entity(ctx context.Context, name core.Name, typ core.Type) error {
	rec, err := r.db.one(ctx, name, typ, false)
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrOtherType) {
		return nil // deleted meanwhile
	}
	if err != nil {
		return err
	}
	form, err := r.db.sealedForm(name, rec)
	if err != nil {
		return err
	}
	doc, err := encode(form)
	if err != nil {
		return err
	}
	return r.swap(ctx, entityKey(name.Namespace, name.Local()), "doc", rec.doc, doc)
}

// sealedForm is the document of the record with all values sealed anew.
func (db *DB) sealedForm(name core.Name, r record) (any, error) {
	switch r.typ {
	case core.TypeAction:
		a, err := db.decodeAction(name, r)
		if err != nil {
			return nil, err
		}
		return db.formAction(a), nil
	case core.TypePackage:
		p, err := db.decodePackage(name, r)
		if err != nil {
			return nil, err
		}
		return db.formPackage(p), nil
	case core.TypeTrigger:
		t, err := db.decodeTrigger(name, r)
		if err != nil {
			return nil, err
		}
		return db.formTrigger(t), nil
	case core.TypeRule:
	}
	return nil, fmt.Errorf("a %s has no parameters", r.typ)
}

func (r *resealer) hook(ctx context.Context, trigger core.Name) error {
	hook, err := r.db.Hook(ctx, trigger)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	err = r.db.PutHook(ctx, trigger, hook, hook.Doc)
	if errors.Is(err, ErrChanged) {
		return nil
	}
	if err == nil {
		r.written++
	}
	return err
}

func (r *resealer) secrets(ctx context.Context, namespace string) error {
	all, err := r.db.rdb.HGetAll(ctx, secretsKey(namespace)).Result()
	if err != nil {
		return unavailable(ctx, "read secrets", err)
	}
	for name, stored := range all {
		value, err := r.db.openSecret(namespace, name, stored)
		if err != nil {
			return err
		}
		fresh := r.db.sealText(secretPlace(namespace, name), value)
		if err := r.swap(ctx, secretsKey(namespace), name, stored, fresh); err != nil {
			return err
		}
	}
	return nil
}

func (r *resealer) apis(ctx context.Context, namespace string) error {
	bases, err := r.db.BasePaths(ctx, namespace)
	if err != nil {
		return err
	}
	for _, base := range bases {
		key := apiKey(namespace, base)
		fields, err := r.db.rdb.HGetAll(ctx, key).Result()
		if err != nil {
			return unavailable(ctx, "read api", err)
		}
		api, err := r.db.decodeAPI(namespace, base, fields)
		if err != nil {
			return err
		}
		for _, route := range api.Routes {
			if route.SecureKey == "" {
				continue
			}
			field, text, err := r.db.encodeRoute(key, route)
			if err != nil {
				return err
			}
			if err := r.swap(ctx, key, field, fields[field], text); err != nil {
				return err
			}
		}
	}
	return nil
}

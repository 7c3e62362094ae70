package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store/seal"
)

// NewSealing returns a DB that seals the values of parameters, and what
// waiting and running activations hold of them. What is not sealed stays
// readable. Nil keys seal nothing.
func NewSealing(rdb redis.UniversalClient, keys *seal.Keys) *DB {
	db := New(rdb)
	db.keys = keys
	return db
}

// CheckSeal compares the keys with those that the data was sealed with: a
// process that lacks the latest must not start. Otherwise the first key is
// the latest from now on.
func (db *DB) CheckSeal(ctx context.Context) error {
	latest, err := db.rdb.Get(ctx, sealKey).Result()
	switch {
	case errors.Is(err, redis.Nil):
	case err != nil:
		return core.Unavailable("read the name of the sealing key", err)
	case !db.keys.Has(latest):
		return fmt.Errorf("parameters in redis are sealed with the key %s, which this process does not have", latest)
	}
	if db.keys == nil || db.keys.ID() == latest {
		return nil
	}
	if err := db.rdb.Set(ctx, sealKey, db.keys.ID(), 0).Err(); err != nil {
		return core.Unavailable("write the name of the sealing key", err)
	}
	return nil
}

// marked returns the parameters as they will be read: each says whether it
// is sealed, whatever a client said.
func (db *DB) marked(params core.Params) core.Params {
	if len(params) == 0 {
		return nil
	}
	out := slices.Clone(params) // others may share it
	for i := range out {
		switch {
		case db.keys != nil:
			out[i].Encryption = seal.Cipher
		case out[i].Encryption == seal.Cipher:
			out[i].Encryption = ""
		}
	}
	return out
}

// sealParams returns the stored form of marked parameters of what lies at
// place.
func (db *DB) sealParams(place string, params core.Params) []paramForm {
	forms := formParams(params)
	if db.keys == nil {
		return forms
	}
	for i, p := range params {
		sealed := db.keys.Seal(p.Value, place+"\x00"+p.Key)
		forms[i].Value, _ = json.Marshal(sealed) // a string always can
		forms[i].Encryption = seal.Cipher
	}
	return forms
}

// openParams is the reverse of sealParams.
func (db *DB) openParams(place string, forms []paramForm) (core.Params, error) {
	params := unformParams(forms)
	for i, p := range params {
		if p.Encryption != seal.Cipher {
			continue
		}
		var sealed string
		if err := json.Unmarshal(p.Value, &sealed); err != nil {
			return nil, fmt.Errorf("parameter %s: %w", p.Key, err)
		}
		value, err := db.keys.Open(sealed, place+"\x00"+p.Key)
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", p.Key, err)
		}
		params[i].Value = value
	}
	return params, nil
}

// sealedField begins the value of a sealed field of an activation; no JSON
// and no API key begins so.
const sealedField = "sealed:"

// sealField returns what is stored in a field of an activation for value.
func (db *DB) sealField(ref core.Ref, field string, value []byte) []byte {
	if db.keys == nil || len(value) == 0 {
		return value
	}
	return []byte(sealedField + db.keys.Seal(value, fieldPlace(ref, field)))
}

// openField is the reverse of sealField.
func (db *DB) openField(ref core.Ref, field, stored string) (string, error) {
	sealed, ok := strings.CutPrefix(stored, sealedField)
	if !ok {
		return stored, nil
	}
	value, err := db.keys.Open(sealed, fieldPlace(ref, field))
	if err != nil {
		return "", fmt.Errorf("field %s of activation %s: %w", field, ref.ID, err)
	}
	return string(value), nil
}

func fieldPlace(ref core.Ref, field string) string {
	return activationKey(ref.Namespace, ref.ID) + "\x00" + field
}

// sealedFields are the fields of an activation that are sealed.
func sealedFields() []string { return []string{fieldInput, fieldEnv, fieldAPIKey, fieldProgress} }

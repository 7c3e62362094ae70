package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"regexp"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// secretLength is that of a generated secret, and the least that is accepted
// (OpenWhisk's rule).
const secretLength = 64

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

var uuidText = regexp.MustCompile(`\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\z`)

// errUnauthenticated tells nobody which part of the credentials was wrong.
//
//nolint:gochecknoglobals // an error that is compared is a constant in all but form
var errUnauthenticated = core.Errorf(core.KindUnauthenticated, "The supplied authentication is invalid")

// newCredentials returns a random UUID (version 4) and a random secret.
func newCredentials() core.Credentials {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand documents that it panics instead
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	uuid := fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
	return core.Credentials{UUID: uuid, Secret: newSecret()}
}

func newSecret() string {
	secret := make([]byte, 0, secretLength)
	var b [2 * secretLength]byte
	for len(secret) < secretLength {
		_, _ = rand.Read(b[:])
		for _, x := range b {
			// 248 = 4 × 62: every letter is as likely as the others.
			if x < 248 && len(secret) < secretLength {
				secret = append(secret, alphanumeric[x%62])
			}
		}
	}
	return string(secret)
}

func validCredentials(c core.Credentials) error {
	if !uuidText.MatchString(c.UUID) {
		return core.Errorf(core.KindInvalid, "the key is not a UUID in lower case")
	}
	if len(c.Secret) < secretLength {
		return core.Errorf(core.KindInvalid, "the secret has %d characters but needs %d", len(c.Secret), secretLength)
	}
	return nil
}

func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// claimKeyScript writes a key unless another namespace has its UUID.
//
// KEYS: its hash.
// ARGV: namespace, subject, digest of the secret.
// Returns 1, or 0 when it is another's.
var claimKeyScript = redis.NewScript(`
local owner = redis.call('HGET', KEYS[1], 'namespace')
if owner and owner ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'namespace', ARGV[1], 'subject', ARGV[2], 'digest', ARGV[3])
return 1
`)

func (db *DB) claimKey(ctx context.Context, namespace string, c core.Credentials) error {
	n, err := claimKeyScript.Run(ctx, db.rdb, []string{credentialKey(c.UUID)}, namespace, namespace, digest(c.Secret)).Int64()
	if err != nil {
		return core.Unavailable("write key", err)
	}
	if n == 0 {
		return core.Errorf(core.KindConflict, "another namespace has the key %s", c.UUID)
	}
	return nil
}

// RotateKey gives the namespace a new secret under the UUID that it has; the
// old one is worth nothing from then on, except for the seconds that API
// servers remember it. KindNotFound.
func (db *DB) RotateKey(ctx context.Context, namespace string) (core.Credentials, error) {
	t, err := db.tenant(ctx, namespace)
	if err != nil {
		return core.Credentials{}, err
	}
	c := core.Credentials{UUID: t.key, Secret: newSecret()}
	return c, db.claimKey(ctx, namespace, c)
}

// Authenticate returns who holds the credentials. KindUnauthenticated for
// unknown, malformed and wrong ones and for those of a blocked namespace.
func (db *DB) Authenticate(ctx context.Context, c core.Credentials) (core.Subject, error) {
	if validCredentials(c) != nil {
		return core.Subject{}, errUnauthenticated
	}
	key, err := db.rdb.HGetAll(ctx, credentialKey(c.UUID)).Result()
	if err != nil {
		return core.Subject{}, core.Unavailable("read key", err)
	}
	// An unknown key is compared too, so that it takes as long as a known one.
	if subtle.ConstantTimeCompare([]byte(key["digest"]), []byte(digest(c.Secret))) != 1 {
		return core.Subject{}, errUnauthenticated
	}
	t, err := db.tenant(ctx, key["namespace"])
	if core.KindOf(err) == core.KindNotFound || err == nil && (t.Blocked || t.key != c.UUID) {
		return core.Subject{}, errUnauthenticated
	}
	if err != nil {
		return core.Subject{}, err
	}
	return core.Subject{Name: key["subject"], UUID: c.UUID, Namespace: t.Namespace}, nil
}

// Owner returns the subject of a namespace without its key. KindNotFound.
func (db *DB) Owner(ctx context.Context, namespace string) (core.Subject, error) {
	t, err := db.tenant(ctx, namespace)
	if err != nil {
		return core.Subject{}, err
	}
	return core.Subject{Name: t.subject, UUID: t.key, Namespace: t.Namespace}, nil
}

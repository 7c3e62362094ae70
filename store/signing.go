package store

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Signing is what signs the callbacks of a namespace: the secret, and, for a
// while after a rotation, the one before. Both have the form of Standard
// Webhooks, "whsec_" and base64.
type Signing struct {
	Secret, Old string
	// Until is when Old ends; zero without one.
	Until time.Time
}

// SigningPrefix begins every secret that signs.
const SigningPrefix = "whsec_"

// signingScript returns the secrets, and makes the first or a new one.
//
// KEYS[1] -> hearth:{ns}:signing
// ARGV[1] -> a new secret, ARGV[2] -> 1 to rotate, ARGV[3] -> life of the old
// one in ms
// Returns secret, old one, ms of its end.
var signingScript = redis.NewScript(luaNow + `
local s = redis.call("HGET", KEYS[1], "secret")
if not s then
	redis.call("HSET", KEYS[1], "secret", ARGV[1])
elseif ARGV[2] == "1" then
	redis.call("HSET", KEYS[1], "secret", ARGV[1], "old", s, "until", string.format("%.0f", now + ARGV[3]))
end
local f = redis.call("HMGET", KEYS[1], "secret", "old", "until")
if f[3] and tonumber(f[3]) < now then
	redis.call("HDEL", KEYS[1], "old", "until")
	f[2], f[3] = "", ""
end
return {f[1], f[2] or "", f[3] or ""}`)

// SigningSecret returns what signs the callbacks of the namespace; the first
// call makes it.
func (db *DB) SigningSecret(ctx context.Context, ns string) (Signing, error) {
	return db.signing(ctx, ns, 0, 0)
}

// RotateSigning replaces the secret. The old one signs as well for that time.
func (db *DB) RotateSigning(ctx context.Context, ns string, old time.Duration) (Signing, error) {
	return db.signing(ctx, ns, 1, old)
}

func (db *DB) signing(ctx context.Context, ns string, rotate int, old time.Duration) (Signing, error) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand documents that it panics instead
	fresh := SigningPrefix + base64.StdEncoding.EncodeToString(b[:])
	if db.keys != nil {
		fresh = sealedField + db.keys.Seal([]byte(fresh), signingKey(ns))
	}
	got, err := signingScript.Run(ctx, db.rdb, []string{signingKey(ns)}, fresh, rotate, old.Milliseconds()).StringSlice()
	if err != nil || len(got) != 3 {
		return Signing{}, unavailable(ctx, "read signing secret", err)
	}
	var s Signing
	if s.Secret, err = db.openSigning(ns, got[0]); err != nil {
		return Signing{}, err
	}
	if s.Old, err = db.openSigning(ns, got[1]); err != nil {
		return Signing{}, err
	}
	s.Until = instant(got[2])
	return s, nil
}

func (db *DB) openSigning(ns, stored string) (string, error) {
	sealed, ok := strings.CutPrefix(stored, sealedField)
	if !ok {
		return stored, nil
	}
	b, err := db.keys.Open(sealed, signingKey(ns))
	return string(b), err
}

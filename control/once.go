package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// Once makes all calls that come with one idempotency key, from one subject
// within 24 hours, one activation.
//
// The key is taken before the activation is made, and says with it that it was
// accepted. A process that dies in between leaves a key whose next call makes
// the activation, under the same id; so nothing runs twice, and nothing is lost.
type Once struct {
	// Key is what ParseOnce takes.
	Key string
	// ID and Replayed are set by the call, also by one that fails with
	// KindConflict: the activation of the key, and whether another call took it.
	ID       core.ActivationID
	Replayed bool
}

// maxOnce bounds an idempotency key, in bytes.
const maxOnce = 255

// ParseOnce reads the value of an Idempotency-Key header: 1 to 255 printable
// ASCII characters, with or without the quotes of a structured field. The
// Error is of KindInvalid.
func ParseOnce(value string) (*Once, error) {
	key := value
	if strings.HasPrefix(key, `"`) {
		var ok bool
		if key, ok = unquote(key); !ok {
			return nil, core.Errorf(core.KindInvalid, "The idempotency key has a quote that does not end.")
		}
	}
	if key == "" || len(key) > maxOnce {
		return nil, core.Errorf(core.KindInvalid, "The idempotency key has %d characters, allowed are 1 to %d.", len(key), maxOnce)
	}
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return nil, core.Errorf(core.KindInvalid, "The idempotency key has characters other than printable ASCII.")
		}
	}
	return &Once{Key: key}, nil
}

// unquote reads a string of a structured field (RFC 9651, section 3.3.3).
func unquote(s string) (string, bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; c {
		case '"':
			return b.String(), i == len(s)-1
		case '\\':
			if i++; i == len(s) || s[i] != '"' && s[i] != '\\' {
				return "", false
			}
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}

// digest names the key in Redis: what clients choose stays out of names, and
// one subject cannot find another's.
func (o *Once) digest(who core.Subject) string { return hashOf(who.Name, o.Key) }

func hashOf(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))
}

// take gives the activation the id of the key, and says whether one was
// accepted under it. request tells requests apart. KindUnprocessable: the key
// belongs to another request. A nil key takes nothing.
func (p *Plane) take(ctx context.Context, o *Once, who core.Subject, id *core.ActivationID, request ...string) (accepted bool, err error) {
	if o == nil {
		return false, nil
	}
	hash := hashOf(request...)
	got, err := p.db.Once(ctx, who.Namespace.Name, o.digest(who), *id, hash)
	if err != nil {
		return false, err
	}
	if got.Hash != hash {
		return false, core.Errorf(core.KindUnprocessable, "The idempotency key was used for another request.")
	}
	*id = got.ID
	o.ID, o.Replayed = got.ID, !got.New
	return got.Accepted, nil
}

// acceptOnce is accept for calls that may have a key. What has one is not
// withdrawn after a failure: another call with the key may have found it.
func (p *Plane) acceptOnce(ctx context.Context, o *Once, who core.Subject, list []store.Creation, also ...store.Addition) error {
	if o == nil {
		return p.accept(ctx, list, also...)
	}
	return p.enter(ctx, list, append(also, p.db.Accepting(ctx, who.Namespace.Name, o.digest(who)))...)
}

// enter is accept that leaves alone what may have reached Redis when it fails.
// also comes last.
func (p *Plane) enter(ctx context.Context, list []store.Creation, also ...store.Addition) error {
	tasks, err := p.assign(ctx, list)
	if err != nil {
		return err
	}
	return p.db.Create(ctx, list, append([]store.Addition{p.tasks.Adding(ctx, tasks...)}, also...)...)
}

// replay returns the end of an activation that an earlier call made. A caller
// who would wait for it is told to come back (KindConflict), as the draft of
// the Idempotency-Key header says.
func (p *Plane) replay(ctx context.Context, ref core.Ref) (*core.Activation, error) {
	r, err := p.db.Activation(ctx, ref)
	switch {
	case core.KindOf(err) == core.KindNotFound:
		return nil, core.Errorf(core.KindConflict, "The request with this idempotency key has ended, and its result is not kept.")
	case err != nil:
		return nil, err
	case r.State != core.StateDone:
		e := core.Errorf(core.KindConflict, "The request with this idempotency key is still in progress.")
		e.RetryAfter = time.Second
		return nil, e
	}
	return &r.Activation, nil
}

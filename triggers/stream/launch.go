package stream

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/foreign"
)

// entry is an entry as actions see it.
type entry struct {
	ID     string            `json:"id"`
	Fields map[string]string `json:"fields"`
	// Binary are the fields that are no text, in base64.
	Binary map[string][]byte `json:"binary,omitempty"`
}

// payload is what an event fires its trigger with.
type payload struct {
	Stream  string            `json:"stream"`
	Group   string            `json:"group"`
	Attempt int               `json:"attempt"` // from 1
	Entries []json.RawMessage `json:"entries"`
}

// flight is what is remembered of an event until its rules have ended.
type flight struct {
	Attempt int               `json:"attempt"`
	Entries []json.RawMessage `json:"entries,omitempty"` // none where nothing is delivered again
}

// fresh is how long after it was read an entry may become an event: then it
// may be another consumer's long since.
const fresh = time.Minute

// room is how often it is tried whether there is room for another event.
const room = 50 * time.Millisecond

// errStale says that entries were held too long. They are claimed later.
var errStale = errors.New("there was no room for entries") //nolint:gochecknoglobals // compared

// launch makes events of entries and acknowledges them.
func (c *consumer) launch(ctx context.Context, rdb *foreign.Redis, list []foreign.Entry) error {
	read := time.Now()
	for len(list) > 0 {
		n, texts, err := c.take(ctx, rdb, list)
		if err != nil {
			return err
		}
		if len(texts) > 0 {
			if err := c.launchOne(ctx, rdb, list[:n], texts, read); err != nil {
				return err
			}
		}
		list = list[n:]
	}
	return nil
}

// take encodes the first entries, as many as fit into one event. One that is
// too large for any is given up.
func (c *consumer) take(ctx context.Context, rdb *foreign.Redis, list []foreign.Entry) (n int, texts []json.RawMessage, err error) {
	const most = core.MaxPayload - 4<<10 // the names and the rest
	size := 0
	for ; n < len(list) && n < c.rules.Batch; n++ {
		text, err := json.Marshal(entryOf(list[n]))
		if err != nil {
			return 0, nil, err
		}
		if len(text) > most && n == 0 {
			return 1, nil, c.oversize(ctx, rdb, list[0].ID)
		}
		if size += len(text) + 1; size > most {
			break
		}
		texts = append(texts, text)
	}
	return n, texts, nil
}

func entryOf(e foreign.Entry) entry {
	out := entry{ID: e.ID, Fields: map[string]string{}}
	for name, value := range e.Fields {
		if utf8.ValidString(value) {
			out.Fields[name] = value
			continue
		}
		if out.Binary == nil {
			out.Binary = map[string][]byte{}
		}
		out.Binary[name] = []byte(value)
	}
	return out
}

// oversize gives up an entry that no action could get.
func (c *consumer) oversize(ctx context.Context, rdb *foreign.Redis, id string) error {
	text, err := json.Marshal(reject{ID: id, Reason: "it is larger than an action can get", At: time.Now().UTC()})
	if err != nil {
		return err
	}
	if err := c.runner.db.Reject(ctx, c.trigger, text); err != nil {
		return err
	}
	return rdb.Acknowledge(ctx, c.from(), []string{id})
}

// launchOne makes one event, and acknowledges its entries once it is safe.
func (c *consumer) launchOne(ctx context.Context, rdb *foreign.Redis, list []foreign.Entry, texts []json.RawMessage, read time.Time) error {
	ids := make([]string, len(list))
	for i, e := range list {
		ids[i] = e.ID
	}
	if err := c.admit(ctx, read); err != nil {
		return err
	}
	all := slices.Clone(ids)
	for len(ids) > 0 {
		event, f, err := c.event(core.NewActivationID(), texts, 1)
		if err != nil {
			return err
		}
		known, ok, err := c.runner.db.Launch(ctx, event, f, ids, c.rules.Concurrency)
		switch {
		case err != nil:
			return err
		case ok:
			c.busy.Store(true)
			ids = nil
		case len(known) > 0: // of another consumer, or of this one before it lost its connection
			var keptIDs []string
			var keptTexts []json.RawMessage
			for i, id := range ids {
				if !slices.Contains(known, id) {
					keptIDs, keptTexts = append(keptIDs, id), append(keptTexts, texts[i])
				}
			}
			ids, texts = keptIDs, keptTexts
		default:
			if time.Since(read) > fresh || ctx.Err() != nil {
				return errStale
			}
			pause(ctx, room)
		}
	}
	if err := rdb.Acknowledge(ctx, c.from(), all); err != nil {
		return err
	}
	return c.runner.db.Told(ctx, c.trigger, all, time.Now())
}

// event makes an event of entries, and what is remembered of it.
func (c *consumer) event(id core.ActivationID, texts []json.RawMessage, attempt int) (store.Event, store.Flight, error) {
	body, err := json.Marshal(payload{Stream: c.rules.Key, Group: c.rules.Group, Attempt: attempt, Entries: texts})
	if err != nil {
		return store.Event{}, store.Flight{}, err
	}
	f := flight{Attempt: attempt}
	if c.rules.retries > 0 {
		f.Entries = texts
	}
	doc, err := json.Marshal(f)
	if err != nil {
		return store.Event{}, store.Flight{}, err
	}
	e := store.Event{Trigger: c.trigger, ID: id, Payload: body, Source: "stream", Admitted: true}
	return e, store.Flight{ID: id, Doc: doc, Since: time.Now()}, nil
}

// admit waits until the rate of the namespace allows another event.
func (c *consumer) admit(ctx context.Context, read time.Time) error {
	for {
		who, err := c.runner.plane.Owner(ctx, c.trigger.Namespace)
		if err != nil {
			return err
		}
		err = c.runner.plane.Admit(ctx, who, control.RateFire)
		if core.KindOf(err) != core.KindThrottled || err == nil {
			return err
		}
		if time.Since(read) > fresh || ctx.Err() != nil {
			return errStale
		}
		pause(ctx, time.Second)
	}
}

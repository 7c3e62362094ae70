package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/e2e/platform"
	"github.com/hearth-faas/hearth/triggers"
)

// While deliveries, ticks, entries and calls come steadily, each process of
// the platform is killed in its turn and started again, and the receiver of
// callbacks goes for a while. Whatever was accepted runs exactly once, and
// whoever wanted to be told is.
func TestProcessesAreKilledUnderTraffic(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	t.Cleanup(cancel)
	orders, ordersURL := orders(t)
	effects, told := newSink(t), newReceiver(t)
	f := newFleet(t, told.certificate(t))
	for _, name := range []string{"a", "b"} {
		f.server(t, "server-"+name)
		f.worker(t, "worker-"+name)
		f.triggers(t, "triggers-"+name)
	}
	f.prepare(ctx, t, effects.URL, ordersURL)
	s := send(ctx, t, f, "https://"+told.address+"/", orders)
	s.more(ctx, t, 20)
	for _, turn := range []struct {
		name  string
		again func(*testing.T, string)
	}{
		{"worker-a", f.worker}, {"server-a", f.server}, {"triggers-a", f.triggers},
		{"server-b", f.server}, {"triggers-b", f.triggers}, {"worker-b", f.worker},
	} {
		f.kill(t, turn.name)
		if turn.name == "triggers-a" {
			told.stop()
		}
		s.more(ctx, t, 15)
		turn.again(t, turn.name)
		s.more(ctx, t, 15)
	}
	ok(t, told.start(ctx))
	s.end()
	ok(t, f.any().Put(ctx, "triggers/tick", annotated("cron", map[string]any{"cron": everySecond, "paused": true})))

	p := f.survey(ctx, t, effects, s)
	p.hooks()
	p.ticks()
	p.entries()
	p.calls(ctx, told)
	p.nothingElse()
	t.Logf("%d deliveries and %d repeats, %d ticks, %d entries, %d calls; %d runs were lost with a worker",
		len(s.hooks), s.duplicates, len(p.of["tick"]), len(s.entries), len(s.calls), p.lost)
	settled(ctx, t, f.any())
}

const everySecond = "* * * * * *"

// orders is a Redis of a user's, on a port, and its URL.
func orders(t *testing.T) (*goredis.Client, string) {
	t.Helper()
	var client *goredis.Client
	ok(t, platform.Poll(patient(t), func() error {
		// Whoever else takes the port in between makes it fail, and there are others.
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return err
		}
		address := l.Addr().String()
		_ = l.Close()
		_, port, _ := net.SplitHostPort(address)
		dir := t.TempDir()
		p, err := platform.Start(platform.Command{Path: "redis-server", Dir: dir, Args: []string{
			"--bind", "127.0.0.1", "--port", port, "--dir", dir, "--save", "",
		}})
		if err != nil {
			return err
		}
		t.Cleanup(func() { _ = p.Kill() })
		if err := p.WaitFor(patient(t), "Ready to accept connections"); err != nil {
			return err
		}
		client = goredis.NewClient(&goredis.Options{Addr: address})
		return nil
	}))
	t.Cleanup(func() { _ = client.Close() })
	return client, "redis://" + client.Options().Addr
}

// prepare deploys what everything calls, and the triggers that call it.
func (f *fleet) prepare(ctx context.Context, t *testing.T, effects, orders string) {
	t.Helper()
	c := f.any()
	put(t, c, "report", "report.js", platform.Action{Params: map[string]any{"url": effects}, Limits: map[string]any{"memory": 128}})
	for name, annotation := range map[string]map[string]any{
		"push":   annotated("webhook", map[string]any{"scheme": "standard", "secret": hookSecret}),
		"orders": annotated("stream", map[string]any{"url": orders, "key": "orders", "start": "0", "batch": 3}),
		"tick":   annotated("cron", map[string]any{"cron": everySecond, "misfire": "all"}),
	} {
		ok(t, c.Put(ctx, "triggers/"+name, annotation))
		ok(t, c.Put(ctx, "rules/on-"+name, map[string]any{"trigger": "/_/" + name, "action": "/_/report"}))
	}
}

func annotated(key string, value any) map[string]any {
	return map[string]any{"annotations": keyValues(map[string]any{key: value})}
}

func keyValues(m map[string]any) []map[string]any {
	var list []map[string]any
	for key, value := range m {
		list = append(list, map[string]any{"key": key, "value": value})
	}
	return list
}

// survey is what is on record once all has ended, and whether it is right.
type survey struct {
	t       *testing.T
	effects *sink
	sent    *senders
	// of are the records of each trigger and of the action report, by id.
	of map[string]map[string]*platform.Activation
	// expected are the ids of those of report.
	expected map[string]bool
	lost     int
}

// survey waits until everything that was accepted has ended.
func (f *fleet) survey(ctx context.Context, t *testing.T, effects *sink, s *senders) *survey {
	t.Helper()
	if s.odd != nil {
		t.Fatal(s.odd)
	}
	ok(t, platform.Poll(ctx, func() error {
		groups, err := s.orders.XInfoGroups(ctx, "orders").Result()
		if err != nil {
			return err
		}
		if len(groups) != 1 || groups[0].Lag != 0 || groups[0].Pending != 0 {
			return fmt.Errorf("the stream is not read to its end: %+v", groups)
		}
		if n := f.left(ctx, t); n > 0 {
			return fmt.Errorf("%d events and entries are under way", n)
		}
		return nil
	}))
	p := &survey{t: t, effects: effects, sent: s, of: map[string]map[string]*platform.Activation{}, expected: map[string]bool{}}
	settled(ctx, t, f.any())
	c := f.any()
	for _, name := range []string{"push", "orders", "tick", "report"} {
		var err error
		p.of[name], err = records(ctx, c, name)
		ok(t, err)
	}
	for _, name := range []string{"push", "orders", "tick"} {
		for id := range p.of[name] { // lists have no logs
			rec, err := c.Activation(ctx, id)
			ok(t, err)
			p.of[name][id] = rec
		}
	}
	return p
}

// left counts the events that are not dispatched yet, and those of the stream
// whose actions have not ended.
func (f *fleet) left(ctx context.Context, t *testing.T) (n int64) {
	t.Helper()
	keys, err := f.redis.DB.Keys(ctx, "hearth:events:{*").Result()
	ok(t, err)
	for _, key := range keys {
		switch {
		case strings.HasSuffix(key, "}"):
			n += f.redis.DB.XLen(ctx, key).Val()
		case strings.Contains(key, "}:flights:"):
			n += f.redis.DB.HLen(ctx, key).Val()
		}
	}
	return n
}

// records are all of a trigger or action, by id.
func records(ctx context.Context, c *platform.Client, name string) (map[string]*platform.Activation, error) {
	all := map[string]*platform.Activation{}
	for {
		path := fmt.Sprintf("activations?docs=true&limit=200&name=%s&skip=%d", name, len(all))
		a, err := c.Do(ctx, http.MethodGet, path, nil)
		if err != nil {
			return nil, err
		}
		var list []*platform.Activation
		if err := json.Unmarshal(a.Body, &list); err != nil {
			return nil, fmt.Errorf("decode records %.500s: %w", a.Body, err)
		}
		for _, rec := range list {
			all[rec.ID] = rec
		}
		if len(list) < 200 {
			return all, nil
		}
	}
}

// ran checks that the event of a trigger has invoked the action once, and that
// it ran once; it returns false when its worker died with it.
func (p *survey) ran(rec *platform.Activation) bool {
	p.t.Helper()
	var line struct {
		ID string `json:"activationId"`
	}
	if len(rec.Logs) != 1 || json.Unmarshal([]byte(rec.Logs[0]), &line) != nil || line.ID == "" {
		p.t.Errorf("%s of %s did not invoke the action: %q", rec.ID, rec.Name, rec.Logs)
		return false
	}
	return p.ended(line.ID)
}

// ended checks the one end of a run of the action.
func (p *survey) ended(id string) bool {
	p.t.Helper()
	if p.expected[id] {
		p.t.Errorf("%s was invoked by two events", id)
	}
	p.expected[id] = true
	rec, effects := p.of["report"][id], p.effects.done(id)
	switch {
	case rec == nil:
		p.t.Errorf("%s has no record", id)
	case rec.Response.Success:
		if effects != 1 {
			p.t.Errorf("%s succeeded with %d side effects", id, effects)
		}
		return true
	case rec.Response.Status != "whisk internal error" || !strings.Contains(string(rec.Response.Result), "lost"):
		p.t.Errorf("%s ended as %s with %s", id, rec.Response.Status, rec.Response.Result)
	case effects > 1:
		p.t.Errorf("%s had %d side effects", id, effects)
	}
	p.lost++
	return false
}

// hooks checks that the events are those of the deliveries, one for each.
func (p *survey) hooks() {
	p.t.Helper()
	want := slices.Sorted(maps.Values(p.sent.hooks))
	got := slices.Sorted(maps.Keys(p.of["push"]))
	if !slices.Equal(got, want) {
		p.t.Errorf("%d deliveries were accepted and %d fired, or others", len(want), len(got))
	}
	if p.sent.duplicates == 0 {
		p.t.Error("no delivery was a repeat")
	}
	for _, rec := range p.of["push"] {
		p.ran(rec)
	}
}

// ticks checks that each second fired once, from the first to the last that
// did.
func (p *survey) ticks() {
	p.t.Helper()
	fired := p.of["tick"]
	var first, last int64
	found := 0
	for at := time.Now().Unix(); found < len(fired) && at > time.Now().Add(-time.Hour).Unix(); at-- {
		if fired[string(triggers.EventID("cron", "fleet/tick", strconv.FormatInt(at, 10)))] != nil {
			last, first = max(last, at), at
			found++
		}
	}
	if found != len(fired) || found == 0 || last-first+1 != int64(found) {
		p.t.Errorf("%d of %d ticks are of the %d seconds from the first to the last", found, len(fired), last-first+1)
	}
	for _, rec := range fired {
		p.ran(rec)
	}
}

// entries checks that each entry was in one event, and in another only because
// the worker died that ran the one before.
func (p *survey) entries() {
	p.t.Helper()
	attempts := map[string][]bool{} // of entries: whether the first, the second… succeeded
	byAttempt := slices.SortedFunc(maps.Values(p.of["orders"]), func(a, b *platform.Activation) int { return attemptOf(a) - attemptOf(b) })
	for _, rec := range byAttempt {
		ran := p.ran(rec)
		for _, id := range entriesOf(rec) {
			attempts[id] = append(attempts[id], ran)
			if len(attempts[id]) != attemptOf(rec) {
				p.t.Errorf("entry %s came %d times, now as attempt %d", id, len(attempts[id]), attemptOf(rec))
			}
		}
	}
	for id := range p.sent.entries {
		if list := attempts[id]; len(list) == 0 || slices.Index(list, true) != len(list)-1 {
			p.t.Errorf("entry %s: attempts %v, want a success as the last", id, list)
		}
	}
	if len(attempts) != len(p.sent.entries) {
		p.t.Errorf("%d entries came, want %d", len(attempts), len(p.sent.entries))
	}
}

// streamed is what an event of a stream carries.
type streamed struct {
	Attempt int `json:"attempt"`
	Entries []struct {
		ID string `json:"id"`
	} `json:"entries"`
}

func streamedBy(rec *platform.Activation) (s streamed) {
	_ = json.Unmarshal(rec.Response.Result, &s) // then it carries nothing, and that is noticed
	return s
}

func attemptOf(rec *platform.Activation) int { return streamedBy(rec).Attempt }

func entriesOf(rec *platform.Activation) (ids []string) {
	for _, e := range streamedBy(rec).Entries {
		ids = append(ids, e.ID)
	}
	return ids
}

// calls checks that each call ran once, and waits until its caller is told.
func (p *survey) calls(ctx context.Context, told *receiver) {
	p.t.Helper()
	for id := range p.sent.calls {
		p.ended(id)
		ok(p.t, platform.Poll(ctx, func() error { return told.told(id) }))
	}
}

// nothingElse checks that the action ran for no other reason.
func (p *survey) nothingElse() {
	p.t.Helper()
	for id := range p.of["report"] {
		if !p.expected[id] {
			p.t.Errorf("%s ran, and nothing that was accepted has invoked it", id)
		}
	}
}

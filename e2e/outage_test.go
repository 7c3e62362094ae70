package e2e_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// traffic calls an action without waiting, from several sides, until it is
// told to stop.
type traffic struct {
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu       sync.Mutex
	accepted []string
	refused  int
	slowest  time.Duration
	odd      error // an answer that is neither 202 nor 503
}

func newTraffic(ctx context.Context, c *platform.Client, action string) *traffic {
	ctx, cancel := context.WithCancel(ctx)
	tr := &traffic{stop: cancel}
	for range 4 {
		tr.wg.Go(func() {
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for ctx.Err() == nil {
				tr.once(ctx, c, action)
				<-tick.C
			}
		})
	}
	return tr
}

func (tr *traffic) once(ctx context.Context, c *platform.Client, action string) {
	begin := time.Now()
	// A request that was sent is waited for: only then is it known whether it
	// was accepted.
	id, err := c.Invoke(context.WithoutCancel(ctx), action, nil)
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.slowest = max(tr.slowest, time.Since(begin))
	var refused *platform.RefusedError
	switch {
	case err == nil:
		tr.accepted = append(tr.accepted, id)
	case errors.As(err, &refused) && refused.Answer.Status == http.StatusServiceUnavailable:
		tr.refused++
	default:
		tr.odd = err
	}
}

// seen returns how many calls were accepted and how many refused so far.
func (tr *traffic) seen() (accepted, refused int) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return len(tr.accepted), tr.refused
}

// end stops the calls and waits for those under way.
func (tr *traffic) end() {
	tr.stop()
	tr.wg.Wait()
}

// While Redis is away nothing is accepted, and callers are told at once; what
// had been accepted before that is not lost.
func TestRedisOutage(t *testing.T) {
	t.Parallel()
	db := redis(t)
	h := up(t, db)
	ctx := patient(t)
	put(t, &h.Client, "steady", "fickle.js", platform.Action{})
	call(t, &h.Client, "steady", nil)
	tr := newTraffic(ctx, &h.Client, "steady")
	waitTraffic(ctx, t, tr, func(accepted, _ int) bool { return accepted > 50 })
	before := len(h.Output())
	ok(t, db.Stop(ctx))
	down := time.Now()
	waitTraffic(ctx, t, tr, func(_, refused int) bool { return refused > 50 && time.Since(down) > 10*time.Second })
	_, refused := tr.seen()
	said := strings.Count(h.Output()[before:], "\n")
	ok(t, db.Start(ctx))
	again, _ := tr.seen()
	waitTraffic(ctx, t, tr, func(accepted, _ int) bool { return accepted > again+50 })
	tr.end()

	if tr.odd != nil {
		t.Errorf("an answer that is neither 202 nor 503: %v", tr.odd)
	}
	if tr.slowest > 10*time.Second {
		t.Errorf("the slowest answer took %v", tr.slowest)
	}
	// Two lines for a refused request, with its answer and its cause, are
	// right; hundreds of the platform's own are not.
	if own := said - 2*refused; own > 200 {
		t.Errorf("%d lines beside those of %d refusals without Redis", own, refused)
	}
	for _, id := range tr.accepted {
		rec, err := h.Activation(ctx, id)
		ok(t, err)
		if !rec.Response.Success && !strings.Contains(string(rec.Response.Result), "worker") {
			t.Errorf("%s ended as %s with %s", id, rec.Response.Status, rec.Response.Result)
		}
	}
	settled(ctx, t, &h.Client)
}

func waitTraffic(ctx context.Context, t *testing.T, tr *traffic, enough func(accepted, refused int) bool) {
	t.Helper()
	ok(t, platform.Poll(ctx, func() error {
		if accepted, refused := tr.seen(); !enough(accepted, refused) {
			return errors.New("the traffic has not got there")
		}
		return nil
	}))
}

package e2e_test

import (
	"syscall"
	"testing"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// A platform that is told to stop lets its actions end first: they have their
// effect once, not never and not twice.
func TestTermination(t *testing.T) {
	t.Parallel()
	db, data, effects := redis(t), t.TempDir(), newSink(t)
	ctx := patient(t)
	h := upIn(t, db, data)
	put(t, &h.Client, "report", "report.js", platform.Action{Params: map[string]any{"url": effects.URL}})
	id, err := h.Invoke(ctx, "report", map[string]any{"wait": 3000})
	ok(t, err)
	effects.waitBegun(ctx, t, id)
	ok(t, h.Signal(syscall.SIGTERM))
	code, err := h.Wait(ctx)
	if err != nil || code != 0 {
		t.Fatalf("exit code %d, error %v:\n%s", code, err, tail(h.Output()))
	}

	h = upIn(t, db, data)
	rec, err := h.Activation(ctx, id)
	ok(t, err)
	if !rec.Response.Success || effects.done(id) != 1 {
		t.Errorf("ended as %q with %d side effects, want success with one", rec.Response.Status, effects.done(id))
	}
	if rec := call(t, &h.Client, "report", nil); effects.done(rec.ID) != 1 {
		t.Errorf("%d side effects after the restart, want one", effects.done(rec.ID))
	}
}

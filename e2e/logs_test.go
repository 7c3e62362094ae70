package e2e_test

import (
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// An action may print as much as it likes: what is kept is bounded, says so,
// and costs the worker no memory.
func TestLogFlood(t *testing.T) {
	t.Parallel()
	h := up(t, redis(t))
	ctx := patient(t)
	put(t, &h.Client, "noise", "noise.js", platform.Action{Limits: map[string]any{"logs": 1, "timeout": 100_000}})
	rec := result(t, &h.Client, "noise", map[string]any{"megabytes": 2}, `{"printed":2}`)
	_, err := h.Activation(ctx, rec.ID)
	ok(t, err)
	_, before, err := h.Memory()
	ok(t, err)

	id, err := h.Invoke(ctx, "noise", map[string]any{"megabytes": 200})
	ok(t, err)
	full, err := h.Activation(ctx, id)
	ok(t, err)
	if got := string(full.Response.Result); got != `{"printed":200}` {
		t.Fatalf("result %s", got)
	}
	stored := 0
	for _, line := range full.Logs {
		_, text, _ := strings.Cut(line, "stdout: ")
		stored += len(text) + 1
	}
	if stored > 1<<20 || stored < 1<<19 {
		t.Errorf("%d bytes of text kept, want almost 1 MB", stored)
	}
	marker := "Logs were truncated because the total bytes size exceeds the limit of 1048576 bytes."
	if n := len(full.Logs); n == 0 || !strings.HasSuffix(full.Logs[n-1], "stderr: "+marker) {
		t.Errorf("the last of %d lines is not the marker", n)
	}
	_, after, err := h.Memory()
	ok(t, err)
	if grown := (after - before) >> 20; grown > 100 {
		t.Errorf("the process grew by %d MB at its peak while 200 MB were printed", grown)
	}
	result(t, &h.Client, "noise", map[string]any{"megabytes": 0}, `{"printed":0}`)
}

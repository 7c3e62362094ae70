package e2e_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// steps deploys three steps and the sequence of them.
func steps(t *testing.T, c *platform.Client, name string) {
	t.Helper()
	var components []string
	for _, me := range []string{"a", "b", "c"} {
		put(t, c, name+"-"+me, "step.js", platform.Action{Params: map[string]any{"me": me}})
		components = append(components, "/_/"+name+"-"+me)
	}
	ok(t, c.PutAction(patient(t), name, platform.Action{Kind: "sequence", Components: components}))
}

func TestSequence(t *testing.T) {
	t.Parallel()
	h := shared(t)
	ctx := patient(t)
	steps(t, &h.Client, "walk")
	rec := result(t, &h.Client, "walk", map[string]any{"path": []string{"start"}}, `{"path":["start","a","b","c"]}`)
	full, err := h.Activation(ctx, rec.ID)
	ok(t, err)
	var names []string
	var spent int64
	for _, id := range full.Logs {
		step, err := h.Activation(ctx, id)
		ok(t, err)
		names = append(names, step.Name)
		spent += step.Duration
		if step.Cause != full.ID {
			t.Errorf("step %s has the cause %q, want %q", step.Name, step.Cause, full.ID)
		}
	}
	if diff := cmp.Diff([]string{"walk-a", "walk-b", "walk-c"}, names); diff != "" {
		t.Errorf("steps differ (-want +got):\n%s", diff)
	}
	// Each step's own figure is rounded down to a millisecond.
	if full.Duration < spent || full.Duration > spent+int64(len(names)) {
		t.Errorf("duration %d ms, want %d, the sum of the steps", full.Duration, spent)
	}
}

package e2e_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// settled waits until nothing is queued or running, and checks that every
// accepted activation is accounted for.
func settled(ctx context.Context, t *testing.T, c *platform.Client) {
	t.Helper()
	ok(t, platform.Poll(ctx, func() error {
		text, err := c.Metrics(ctx)
		if err != nil {
			return err
		}
		for _, name := range []string{
			`hearth_activations{state="queued"}`, `hearth_activations{state="running"}`, "hearth_activations_drift",
		} {
			if v, found := metric(text, name); !found || v != 0 {
				return fmt.Errorf("%s is %v (found: %v), want 0", name, v, found)
			}
		}
		return nil
	}))
}

// metric finds one sample in Prometheus text.
func metric(text, name string) (float64, bool) {
	for line := range strings.Lines(text) {
		if value, isIt := strings.CutPrefix(line, name+" "); isIt {
			v, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return v, err == nil
		}
	}
	return 0, false
}

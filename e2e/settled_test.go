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
		for _, name := range []string{"queued", "running", "drift"} {
			sum, found := metric(text, "hearth_activations_"+name)
			if !found || sum != 0 {
				return fmt.Errorf("%v activations are %s (found: %v), want 0", sum, name, found)
			}
		}
		return nil
	}))
}

// metric sums up the samples of a name in Prometheus text.
func metric(text, name string) (sum float64, found bool) {
	for line := range strings.Lines(text) {
		rest, isIt := strings.CutPrefix(line, name+"{")
		if !isIt {
			continue
		}
		_, value, _ := strings.Cut(rest, "} ")
		if v, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil {
			sum, found = sum+v, true
		}
	}
	return sum, found
}

package docker_test

import (
	"slices"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/engine/docker"
)

// BenchmarkCreate measures a cold start, from the call of Create to the first
// connection, with a sandbox ready and without. The removal is not counted.
func BenchmarkCreate(b *testing.B) {
	b.Run("in a ready sandbox", func(b *testing.B) { benchmarkCreate(b, 1) })
	b.Run("in a new sandbox", func(b *testing.B) { benchmarkCreate(b, -1) })
}

func benchmarkCreate(b *testing.B, sandboxes int) {
	b.Helper()
	d := setup(b, func(o *docker.Options) { o.Sandboxes = sandboxes })
	var times []time.Duration
	for range b.N {
		if sandboxes > 0 {
			awaitSandbox(b)
		}
		start := time.Now()
		c, err := d.Create(b.Context(), engine.Spec{Image: shared.image, Memory: 128})
		if err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(start))
		if err := d.Remove(b.Context(), c.ID); err != nil {
			b.Fatal(err)
		}
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2])/1e6, "ms-median")
}

// awaitSandbox waits until one runs, and for as long as the engine takes to
// learn its address.
func awaitSandbox(b *testing.B) {
	b.Helper()
	for {
		for _, c := range containers(b, b.Name()+"-"+shared.run) {
			if c.Labels["hearth.role"] == "sandbox" && c.State == "running" {
				time.Sleep(50 * time.Millisecond)
				return
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// BenchmarkPause measures one freeze and thaw.
func BenchmarkPause(b *testing.B) {
	d := setup(b, func(o *docker.Options) { o.Sandboxes = -1 })
	c, err := d.Create(b.Context(), engine.Spec{Image: shared.image, Memory: 128})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := d.Pause(b.Context(), c.ID); err != nil {
			b.Fatal(err)
		}
		if err := d.Resume(b.Context(), c.ID); err != nil {
			b.Fatal(err)
		}
	}
	if err := d.Remove(b.Context(), c.ID); err != nil {
		b.Fatal(err)
	}
}

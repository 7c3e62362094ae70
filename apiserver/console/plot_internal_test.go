package console

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/core"
)

func run(start time.Time, took, init time.Duration, status core.Status) core.Activation {
	return core.Activation{Kind: "nodejs:24", Outcome: core.Outcome{
		Status: status, Start: start, End: start.Add(took), Duration: took, InitTime: init, WaitTime: took / 2,
	}}
}

func TestSummaryTellsColdFromWarm(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ms := time.Millisecond
	list := []core.Activation{
		run(now, 4*ms, 0, core.StatusSuccess),
		run(now, 2*ms, 0, core.StatusApplicationError),
		run(now, 6*ms, 0, core.StatusSuccess),
		run(now, 300*ms, 200*ms, core.StatusSuccess),
		{Outcome: core.Outcome{Start: now}}, // a trigger has no duration
	}
	want := summary{
		Total: 5, Failed: 1, Cold: 1, WarmMedian: 4 * ms, WarmP95: 6 * ms, ColdMedian: 300 * ms, WaitP95: 150 * ms,
		HaveWarm: true, HaveCold: true, SuccessPercent: 80, Warmth: 75,
	}
	if diff := cmp.Diff(want, summarize(list)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(summary{}, summarize(nil)); diff != "" {
		t.Error(diff)
	}
}

func TestPlotPlacesSlowAboveFastAndLateRightOfEarly(t *testing.T) {
	t.Parallel()
	now := time.Now()
	p := newPlot([]core.Activation{
		run(now, 500*time.Millisecond, 400*time.Millisecond, core.StatusSuccess),
		run(now.Add(-time.Minute), time.Millisecond, 0, core.StatusSuccess),
	})
	if len(p.Dots) != 2 {
		t.Fatalf("got %d dots, want 2", len(p.Dots))
	}
	late, early := p.Dots[0], p.Dots[1]
	if late.X <= early.X || late.Y >= early.Y || late.Class != "cold" || early.Class != "warm" {
		t.Errorf("got late %+v and early %+v", late, early)
	}
	for _, d := range p.Dots {
		if d.X < 0 || d.X > p.Width || d.Y < 0 || d.Y > p.Height {
			t.Errorf("%+v lies outside the plot", d)
		}
	}
	if len(newPlot(nil).Dots) != 0 {
		t.Error("an empty list has dots")
	}
}

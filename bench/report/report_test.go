package report_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/bench/report"
)

func TestGoals(t *testing.T) {
	t.Parallel()
	row := report.Row{Scenario: "s", Figure: "f", Value: 2, Unit: report.Millis, Direct: 1}
	for _, c := range []struct {
		name string
		row  report.Row
		want report.Goal
	}{
		{"met, at most", row.AtMost(2), report.Goal{Text: "≤ 2.00 ms", Met: true}},
		{"missed, at most", row.AtMost(1.99), report.Goal{Text: "≤ 1.99 ms"}},
		{"met, at least", row.AtLeast(2), report.Goal{Text: "≥ 2.00 ms", Met: true}},
		{"missed, at least", row.AtLeast(2.01), report.Goal{Text: "≥ 2.01 ms"}},
		{"missed, at least, for its errors", report.Row{Value: 9, Unit: report.PerSecond, Errors: 1}.AtLeast(1), report.Goal{Text: "≥ 1.00/s"}},
		{"met, ratio", row.AtMostDirect(2), report.Goal{Text: "≤ 2× direct", Met: true}},
		{"missed, ratio", row.AtMostDirect(1.5), report.Goal{Text: "≤ 1.5× direct"}},
		{"missed, ratio to nothing", report.Row{Value: 1}.AtMostDirect(10), report.Goal{Text: "≤ 10× direct"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff([]report.Goal{c.want}, c.row.Goals); diff != "" {
				t.Errorf("goals differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGoalsOfARowDoNotLeakIntoAnother(t *testing.T) {
	t.Parallel()
	base := report.Row{Value: 1, Unit: report.Plain}.AtMost(1)
	a, b := base.AtMost(2), base.AtMost(3)
	if a.Goals[1].Text != "≤ 2.00" || b.Goals[1].Text != "≤ 3.00" {
		t.Errorf("goals %v and %v share memory", a.Goals, b.Goals)
	}
}

func sample() *report.Report {
	r := &report.Report{Machine: report.Machine{CPU: "Example 3000", Cores: 2, Kernel: "6.1", Docker: "20.10", Redis: "7.0", Go: "go1.26"}}
	r.Add(
		report.Row{Scenario: "warm call, Go", Figure: "p50", Value: report.Ms(800 * time.Microsecond), Unit: report.Millis, Direct: 0.1}.AtMostDirect(10).AtMost(0.5),
		report.Row{Scenario: "16 callers", Figure: "throughput", Value: 1234.5, Unit: report.PerSecond, Errors: 3}.AtLeast(1000),
		report.Row{Scenario: "idle", Figure: "memory", Value: 43.21, Unit: report.Megabytes}.AtMost(80),
	)
	r.Fail("cold start", errors.New("no daemon"))
	return r
}

func TestTable(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := sample().WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	want := `2 × Example 3000 · Linux 6.1 · Docker 20.10 · Redis 7.0 · go1.26

| scenario      | figure     | measured          | direct   | ratio | goal                                |
| ---           | ---        | ---               | ---      | ---   | ---                                 |
| warm call, Go | p50        | 0.800 ms          | 0.100 ms | 8.00  | ≤ 10× direct met, ≤ 0.500 ms MISSED |
| 16 callers    | throughput | 1234/s (3 errors) |          |       | ≥ 1000/s MISSED                     |
| idle          | memory     | 43.2 MB           |          |       | ≤ 80.0 MB met                       |

not run: cold start: no daemon
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("table differs (-want +got):\n%s", diff)
	}
}

func TestJSONReadsBack(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := sample().WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var got report.Report
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(*sample(), got); diff != "" {
		t.Errorf("report differs after a round trip (-want +got):\n%s", diff)
	}
}

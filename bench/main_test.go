package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/bench/load"
)

func names(list []scenario) []string {
	var n []string
	for _, s := range list {
		n = append(n, s.name)
	}
	return n
}

func TestChoose(t *testing.T) {
	t.Parallel()
	all := []scenario{{name: "warm-go"}, {name: "cold-go"}, {name: "huge", onRequest: true}}
	for _, c := range []struct {
		name, only string
		want       []string
	}{
		{"everything but what runs on request", "", []string{"warm-go", "cold-go"}},
		{"by a part of the name", "go$", []string{"warm-go", "cold-go"}},
		{"on request", "huge", []string{"huge"}},
		{"nothing", "missing", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := names(choose(all, regexp.MustCompile(c.only))); !slices.Equal(got, c.want) {
				t.Errorf("chose %q, want %q", got, c.want)
			}
		})
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--only", "("}, {"--nonsense"}, {"stray"}, {"idle", "claim"}, {"--only", "idle", "claim"}, {"--only", "no such scenario"}} {
		if err := run(t.Context(), args, &strings.Builder{}, &strings.Builder{}); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
	var one strings.Builder
	if err := run(t.Context(), []string{"--list", "runtimes"}, &one, &strings.Builder{}); err != nil || strings.Count(one.String(), "\n") != 1 {
		t.Errorf("list of one scenario: error %v, printed %q", err, one.String())
	}
	var out strings.Builder
	if err := run(t.Context(), []string{"--list"}, &out, &strings.Builder{}); err != nil || !strings.Contains(out.String(), "warm-go") {
		t.Errorf("list: error %v, printed %q", err, out.String())
	}
}

// What Redis prints of two calls: one that was claimed after 0.4 ms, and one
// that was not.
func TestClaimsAreReadFromWhatRedisSaw(t *testing.T) {
	t.Parallel()
	lines := make(chan string, 10)
	for _, l := range []string{
		`OK`,
		`100.000000 [0 unix:/s] "evalsha" "d1" "2" "hearth:a:one" "queued"`,
		`100.000100 [0 lua] "HSET" "hearth:a:one" "state" "queued"`,
		`100.000400 [0 lua] "HSET" "asynq:{q}:t:one" "state" "active"`,
		`100.000900 [0 lua] "HSET" "asynq:{q}:t:one" "state" "active"`,
		`100.001000 [0 unix:/s] "evalsha" "d1" "2" "hearth:a:two" "queued"`,
		`100.001100 [0 lua] "HSET" "asynq:{q}:t:three" "state" "active"`,
	} {
		lines <- l
	}
	h := claims(lines, []string{"one", "two"})
	if h.Count() != 1 {
		t.Fatalf("%d claims, want 1", h.Count())
	}
	if got := h.Max(); got < 399*time.Microsecond || got > 401*time.Microsecond {
		t.Errorf("claimed after %v, want 400µs", got)
	}
}

func TestWarmRowsCompareWithTheDirectCall(t *testing.T) {
	t.Parallel()
	h := func(d time.Duration) load.Result {
		r := load.Result{Latency: &load.Histogram{}, Elapsed: time.Second}
		for range 2000 {
			r.Latency.Record(d)
		}
		return r
	}
	rows := warmRows("go", h(900*time.Microsecond), h(2*time.Millisecond), h(100*time.Microsecond))
	if r := rows[0]; r.Direct < 0.099 || r.Direct > 0.101 || len(r.Goals) != 2 || !r.Goals[0].Met || !r.Goals[1].Met {
		t.Errorf("first row %+v, want 0.1 ms direct and both goals met", r)
	}
	if r := rows[3]; r.Value != 2000 || !r.Goals[0].Met {
		t.Errorf("throughput %+v, want 2000/s and the goal met", r)
	}
}

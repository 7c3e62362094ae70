package openfaas

import (
	"testing"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

func TestQuantities(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{ // in MB, rounded up
		"128Mi": 128, "128M": 123, "1Gi": 1024, "5Mi": 5, "0.5Gi": 512, "1e9": 954, "1E6": 1, "1048576": 1, "1048577": 2, "2Ti": 2 << 20,
		"0": 0, ".5Mi": 1, "1.": 1, "100m": 1, "+3Mi": 3, "9Ei": 1<<31 - 1, "64k": 1, "64Ki": 1, "1e-3": 1, "5000n": 1, "1P": 953674317,
	} {
		n, err := parseQuantity(text, "memory")
		if err != nil || megabytes(n) != want {
			t.Errorf("%s: got %v, %v, want %d", text, n, err, want)
		}
	}
	for _, text := range []string{"", "Mi", "5 Mi", "5mi", "5Kb", "-1", "-1Mi", "1e", "1e999", "0x10", "1/2", "1_000", "NaN", "1.2.3", "5KI"} {
		if n, err := parseQuantity(text, "memory"); core.KindOf(err) != core.KindInvalid {
			t.Errorf("%q: got %v, %v", text, n, err)
		}
	}
}

func TestLimitsThatAreEnforced(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		f    core.Function
		want core.Limits
	}{
		{"nothing said", core.Function{}, core.Limits{Timeout: time.Minute, Memory: 256, Logs: 10, Concurrency: control.Unbounded}},
		{
			"a limit of memory, a request does not count",
			core.Function{Limits: &core.Resources{Memory: "64Mi", CPU: "1"}, Requests: &core.Resources{Memory: "32Mi"}},
			core.Limits{Timeout: time.Minute, Memory: 64, Logs: 10, Concurrency: control.Unbounded},
		},
		{
			"only a request",
			core.Function{Requests: &core.Resources{Memory: "32Mi"}},
			core.Limits{Timeout: time.Minute, Memory: 256, Logs: 10, Concurrency: control.Unbounded},
		},
		{
			"calls at once",
			core.Function{EnvVars: map[string]string{"max_inflight": "7"}},
			core.Limits{Timeout: time.Minute, Memory: 256, Logs: 10, Concurrency: 7},
		},
		{
			"calls at once without a bound",
			core.Function{EnvVars: map[string]string{"max_inflight": "0"}},
			core.Limits{Timeout: time.Minute, Memory: 256, Logs: 10, Concurrency: control.Unbounded},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := limitsOf(&c.f)
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

func TestHowLongACallMayTake(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name               string
		exec, write, noted string
		want               time.Duration
	}{
		{"nothing said", "", "", "", time.Minute},
		{"less than a gateway waits", "10s", "20", "", time.Minute},
		{"the watchdog ends it first", "90s", "1m", "", 92 * time.Second},
		{"seconds", "", "120", "", 122 * time.Second},
		{"off, and nonsense", "0", "soon", "", time.Minute},
		{"the annotation", "90s", "", "5s", 5 * time.Second},
		{"an annotation of seconds", "", "", "300", 300 * time.Second},
		{"an annotation that is none", "", "90s", "-1", 92 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := core.Function{
				EnvVars:     map[string]string{"exec_timeout": c.exec, "write_timeout": c.write},
				Annotations: map[string]string{AnnotationTimeout: c.noted},
			}
			if got := timeoutOf(&f); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestWhoIsSentToThePages(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": true,
		"text/html":                         true,
		"":                                  false,
		"*/*":                               false,
		"application/json":                  false,
		"application/json, text/html":       false,
		"application/json;q=0.5, text/html": true,
		"text/html;q=0.3, */*":              false,
	} {
		if got := prefersHTML(accept); got != want {
			t.Errorf("%q: got %v, want %v", accept, got, want)
		}
	}
}

package examples_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/hearth-faas/hearth/examples"
	"github.com/hearth-faas/hearth/runtime/kinds"
	"github.com/hearth-faas/hearth/runtime/runtimetest"
)

func load(t *testing.T) map[string]examples.Example {
	t.Helper()
	all, err := examples.Load(".")
	if err != nil {
		t.Fatal(err)
	}
	byName := make(map[string]examples.Example)
	for _, e := range all {
		byName[e.Name] = e
	}
	return byName
}

// deploy starts an example in the image of its kind.
func deploy(t *testing.T, e examples.Example) *runtimetest.Container {
	t.Helper()
	kind, ok := kinds.Default().Resolve(e.Kind)
	if !ok {
		t.Fatalf("no kind %s", e.Kind)
	}
	code, err := e.Code(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := runtimetest.Start(t, kind.Image, runtimetest.Options{Foreign: kind.Foreign})
	binary := len(e.Build) > 0 || len(e.Files) > 1
	if a := c.Init(map[string]any{"name": e.Name, "main": e.Main, "code": code, "binary": binary}); a.Status != http.StatusOK {
		t.Fatalf("init: got %d %.2000s", a.Status, a.Body)
	}
	return c
}

func TestExamplesDoWhatTheyPromise(t *testing.T) {
	t.Parallel()
	for name, e := range load(t) {
		if len(e.Needs) > 0 {
			continue // TestReport
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := deploy(t, e).Run(e.Input)
			if a.Status != http.StatusOK {
				t.Fatalf("got %d %.2000s", a.Status, a.Body)
			}
			if err := e.Check([]byte(a.Body)); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestReport runs the action that calls others, with a server that passes its
// calls on to their containers.
func TestReport(t *testing.T) {
	t.Parallel()
	all := load(t)
	report := all["report"]
	actions := make(map[string]*runtimetest.Container)
	for _, name := range report.Needs {
		actions[name] = deploy(t, all[name])
	}
	var mu sync.Mutex
	called := make(map[string]string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := path.Base(r.URL.Path)
		user, _, _ := r.BasicAuth()
		mu.Lock()
		called[name] = user + " " + r.URL.RequestURI()
		mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		a := actions[name].Run(json.RawMessage(body))
		w.WriteHeader(a.Status)
		_, _ = io.WriteString(w, a.Body)
	}))
	defer server.Close()

	cmd := exec.CommandContext(t.Context(), "node", "-e",
		`require("./report/report.js").main(JSON.parse(process.argv[1])).then((r) => console.error(JSON.stringify(r)))`, string(report.Input))
	cmd.Env = append(os.Environ(), "__OW_API_HOST="+server.URL, "__OW_API_KEY=uuid:secret")
	var result strings.Builder
	cmd.Stderr = &result
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, result.String())
	}
	if err := report.Check([]byte(result.String())); err != nil {
		t.Error(err)
	}
	want := map[string]string{
		"csv-summary": "uuid /api/v1/namespaces/_/actions/csv-summary?blocking=true&result=true",
		"markdown":    "uuid /api/v1/namespaces/_/actions/markdown?blocking=true&result=true",
	}
	if !maps.Equal(called, want) {
		t.Errorf("calls: got %v, want %v", called, want)
	}
}

func TestCheckNoticesAWrongResult(t *testing.T) {
	t.Parallel()
	e := examples.Example{Expect: map[string]string{"n": "4", "list": `"a":1`}}
	for result, ok := range map[string]bool{
		`{"n": 4, "list": [{"a": 1}]}`: true,
		`{"n": 5, "list": [{"a": 1}]}`: false,
		`{"n": 4, "list": []}`:         false,
		`{"list": [{"a": 1}]}`:         false,
		`{"error": "no"}`:              false,
		`no`:                           false,
	} {
		if err := e.Check([]byte(result)); (err == nil) != ok {
			t.Errorf("%s: got %v, want ok %v", result, err, ok)
		}
	}
}

package e2e_test

import (
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// An action that says no is still a good action: its container stays. One
// that breaks its container gets a new one, and the caller is told how.
func TestFailureAndTheContainer(t *testing.T) {
	t.Parallel()
	h := shared(t)
	const (
		application = "application error"
		developer   = "action developer error"
	)
	for _, c := range []struct {
		name, how    string
		status, text string
		kept         bool
	}{
		{"an application error keeps the container", "error", application, "as asked", true},
		{"an exception does not", "throw", developer, "An error has occurred: ", false},
		{"an exit does not", "exit", developer, "command exited", false},
		{"a promise that never resolves does not", "hang", developer, "The action exceeded its time limits of 3000 milliseconds.", false},
		{"a loop without end does not", "spin", developer, "The action exceeded its time limits of 3000 milliseconds.", false},
		{"too much memory does not", "eat", developer, "The action exhausted its memory and was aborted.", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			name := "fickle-" + c.how
			limits := map[string]any{"memory": 128}
			if strings.Contains(c.text, "3000") {
				limits["timeout"] = 3000
			}
			put(t, &h.Client, name, "fickle.js", platform.Action{Limits: limits})
			if rec := result(t, &h.Client, name, nil, `{"calls":1}`); !rec.Cold() {
				t.Error("the first call has no initTime")
			}
			if rec := result(t, &h.Client, name, nil, `{"calls":2}`); rec.Cold() {
				t.Error("the second call has an initTime")
			}
			rec := call(t, &h.Client, name, map[string]any{"how": c.how})
			if rec.Response.Status != c.status || !strings.Contains(string(rec.Response.Result), c.text) {
				t.Errorf("ended as %s with %s, want %s with %q", rec.Response.Status, rec.Response.Result, c.status, c.text)
			}
			if got := string(rec.Annotation("timeout")); got != "true" && strings.Contains(c.text, "time limits") {
				t.Errorf("annotation timeout = %q, want true", got)
			}
			want, cold := `{"calls":1}`, true
			if c.kept {
				want, cold = `{"calls":4}`, false
			}
			if rec := result(t, &h.Client, name, nil, want); rec.Cold() != cold {
				t.Errorf("the call after it: cold %v, want %v", rec.Cold(), cold)
			}
		})
	}
}

func TestUpdateTakesEffectOnTheNextCall(t *testing.T) {
	t.Parallel()
	h := shared(t)
	ctx := patient(t)
	for _, word := range []string{"one", "two", "three", "four"} {
		code := `function main () { return { word: "` + word + `" } }`
		ok(t, h.PutAction(ctx, "updated", platform.Action{Kind: "nodejs:default", Code: code}))
		for range 2 {
			result(t, &h.Client, "updated", nil, `{"word":"`+word+`"}`)
		}
	}
}

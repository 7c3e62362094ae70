package direct_test

import (
	"testing"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

func TestFunctionsHaveSecretsAndALog(t *testing.T) {
	t.Parallel()
	p := setup(t, settings{})
	must(t, p.plane.CreateSecret(t.Context(), p.owner, "api-key", []byte("s3cret\n")))
	p.deploy("f", imageServer, nil, nil)
	if a := p.get("/function/f/secret?name=api-key"); a.status != 200 || a.body != "s3cret\n" {
		t.Errorf("got %+v", a)
	}
	p.until("the line that it printed", func() bool {
		found := false
		err := p.plane.FunctionLog(t.Context(), p.owner, core.Name{Namespace: "guest", Name: "f"}, control.LogQuery{},
			func(lines []store.FunctionLine) error {
				for _, l := range lines {
					found = found || l.Text == "a secret is read" && l.Instance != ""
				}
				return nil
			})
		return err == nil && found
	})
}

func TestAFunctionIsInvokedAsAnAction(t *testing.T) {
	t.Parallel()
	p := setup(t, settings{})
	p.deploy("f", imageServer, nil, nil)
	target, err := p.plane.Resolve(t.Context(), p.owner, core.Name{Namespace: "guest", Name: "f"})
	must(t, err)
	for _, c := range []struct{ name, payload, want string }{
		{"an object is the result", `{"a":1,"__ow_method":"get"}`, `{"a":1}`},
		{"an error of its own", `{"error":"no"}`, `{"error":"no"}`},
	} {
		a, err := p.plane.InvokeAndWait(t.Context(), control.Call{Subject: p.owner, Target: target, Payload: core.JSON(c.payload)}, patience)
		must(t, err)
		if a.State != core.StateDone || string(a.Outcome.Result) != c.want || a.Outcome.Duration > time.Minute {
			t.Errorf("%s: got %+v", c.name, a.Outcome)
		}
		if failed := a.Outcome.Status == core.StatusApplicationError; failed != (c.name != "an object is the result") {
			t.Errorf("%s: status %s", c.name, a.Outcome.Status)
		}
	}
}

package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// functions is a folder with a stack file, and the program to work on it with.
type functions struct {
	t   *testing.T
	dir string
	h   *platform.Hearth
}

func newFunctions(t *testing.T) *functions {
	t.Helper()
	return &functions{t, t.TempDir(), shared(t)}
}

// run runs a command of hearth function, and returns what it printed.
func (f *functions) run(args ...string) string {
	f.t.Helper()
	cmd := exec.CommandContext(patient(f.t), hearth(f.t), append([]string{"function"}, args...)...)
	cmd.Dir = f.dir
	cmd.Env = []string{
		"HOME=" + f.dir, "PATH=" + os.Getenv("PATH"), "DOCKER_HOST=" + os.Getenv("DOCKER_HOST"),
		"WSK_CONFIG_FILE=" + filepath.Join(folder, "data", "wskprops"),
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		f.t.Fatalf("function %v: %v\n%s", args, err, tail(string(out)))
	}
	return string(out)
}

// write writes a file of the folder.
func (f *functions) write(name, text string) {
	f.t.Helper()
	ok(f.t, os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600))
}

// called calls a function and wants an answer.
func (f *functions) called(path, body, want string) {
	f.t.Helper()
	a := fetch(patient(f.t), f.t, &f.h.Client, http.MethodPost, "/function/"+path, body)
	if a.Status != http.StatusOK || strings.TrimSpace(string(a.Body)) != want {
		f.t.Errorf("function %s: got %d %q, want %q", path, a.Status, a.Body, want)
	}
}

// up begins a bash function with a script, builds it and deploys it.
func (f *functions) up(name, script string) {
	f.t.Helper()
	f.run("new", name, "--lang", "bash", "--prefix", "hearth-e2e")
	f.write(name+"/handler.sh", script)
	f.run("up", name)
	f.t.Cleanup(func() {
		ctx, cancel := last()
		defer cancel()
		_ = exec.CommandContext(ctx, "docker", "rmi", "--force", "hearth-e2e/"+name).Run()
	})
}

// counted is the number of a function's calls, as the list shows it.
func (f *functions) counted(name string) string {
	for line := range strings.Lines(f.run("list")) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == name {
			return fields[1]
		}
	}
	return ""
}

// From nothing to functions in two languages, and an update of one while it
// is called.
func TestFunctionsFromSource(t *testing.T) {
	t.Parallel()
	f := newFunctions(t)
	for _, lang := range []string{"node", "bash"} {
		name := "fresh-" + lang
		f.run("new", name, "--lang", lang, "--prefix", "hearth-e2e")
		t.Cleanup(func() {
			ctx, cancel := last()
			defer cancel()
			_ = exec.CommandContext(ctx, "docker", "rmi", "--force", "hearth-e2e/"+name).Run()
		})
	}
	f.run("build", "--parallel", "2", "fresh-*")
	f.run("deploy")
	f.called("fresh-bash/a", "hello", `{"body":"hello","method":"POST","path":"/a"}`)
	// The handler sees a JSON body, since fetch says that it is one.
	f.called("fresh-node/a", `"hello"`, `{"body":"hello","method":"POST","path":"/a"}`)

	f.write("fresh-node/handler.js", "module.exports = async (event) => { console.log('it has come'); return 'new' }")
	f.run("up", "fresh-node")
	ok(t, platform.Poll(patient(t), func() error {
		a := fetch(t.Context(), t, &f.h.Client, http.MethodPost, "/function/fresh-node", `"x"`)
		if a.Status != http.StatusOK {
			t.Errorf("a call during the update: got %d %q", a.Status, a.Body)
		}
		if string(a.Body) != "new" {
			return fmt.Errorf("still the old function: %s", a.Body)
		}
		return nil
	}))
	ok(t, platform.Poll(patient(t), func() error {
		if text := f.run("logs", "fresh-node"); !strings.Contains(text, "it has come") {
			return fmt.Errorf("the log is %s", text)
		}
		if n := f.counted("fresh-bash"); n != "1" {
			return fmt.Errorf("fresh-bash was called %q times", n)
		}
		return nil
	}))
	f.run("remove", "-f", "stack.yml")
	if a := fetch(patient(t), t, &f.h.Client, http.MethodPost, "/function/fresh-bash", ""); a.Status != http.StatusNotFound {
		t.Errorf("a removed function: got %d", a.Status)
	}
}

// What is deployed through the one API is there for the other.
func TestAFunctionIsAnAction(t *testing.T) {
	t.Parallel()
	f := newFunctions(t)
	f.up("crossing", "cat")
	result(t, &f.h.Client, "crossing", map[string]any{"a": 1}, `{"a":1}`)

	put(t, &f.h.Client, "after-crossing", "echo.js", platform.Action{})
	ctx := patient(t)
	ok(t, f.h.Put(ctx, "actions/over-crossing", map[string]any{"exec": map[string]any{
		"kind": "sequence", "components": []string{"/_/crossing", "/_/after-crossing"},
	}}))
	rec := call(t, &f.h.Client, "over-crossing", map[string]any{"n": 7})
	if !strings.Contains(string(rec.Response.Result), `"n":7`) {
		t.Errorf("through a sequence: got %s", rec.Response.Result)
	}

	ok(t, f.h.Put(ctx, "triggers/crossing-bell", map[string]any{}))
	ok(t, f.h.Put(ctx, "rules/crossing-rule", map[string]any{"trigger": "/_/crossing-bell", "action": "/_/crossing"}))
	fired, err := f.h.Do(ctx, http.MethodPost, "triggers/crossing-bell", map[string]any{"rung": true})
	ok(t, err)
	if fired.Status != http.StatusAccepted {
		t.Fatalf("fired with status %d: %s", fired.Status, fired.Body)
	}
	ok(t, platform.Poll(ctx, func() error { return f.ended(ctx, "crossing", `{"rung":true}`) }))

	got, err := f.h.Do(ctx, http.MethodGet, "actions/crossing", nil)
	ok(t, err)
	var shown struct {
		Exec map[string]any `json:"exec"`
	}
	ok(t, json.Unmarshal(got.Body, &shown))
	if _, has := shown.Exec["code"]; has || shown.Exec["kind"] != "watchdog" {
		t.Errorf("as an action it is %v", shown.Exec)
	}
}

// And the other way round, for what is public there.
func TestAWebActionIsAFunction(t *testing.T) {
	t.Parallel()
	h := shared(t)
	put(t, &h.Client, "crossing-page", "page.js", platform.Action{Annotations: map[string]any{"web-export": true}})
	put(t, &h.Client, "crossing-private", "page.js", platform.Action{})
	a := fetch(patient(t), t, &h.Client, http.MethodGet, "/function/crossing-page?name=Ann", "")
	if a.Status != http.StatusCreated || !strings.Contains(string(a.Body), "<h1>Ann") {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
	if a := fetch(patient(t), t, &h.Client, http.MethodGet, "/function/crossing-private?name=Ann", ""); a.Status != http.StatusNotFound {
		t.Errorf("what is not public: got %d %s", a.Status, a.Body)
	}
}

// ended looks for an activation with that result.
func (f *functions) ended(ctx context.Context, name, want string) error {
	a, err := f.h.Do(ctx, http.MethodGet, "activations?docs=true&name="+name, nil)
	if err != nil {
		return err
	}
	var list []platform.Activation
	if err := json.Unmarshal(a.Body, &list); err != nil {
		return err
	}
	for _, rec := range list {
		if string(rec.Response.Result) == want {
			return nil
		}
	}
	return fmt.Errorf("none of %d activations of %s has the result %s", len(list), name, want)
}

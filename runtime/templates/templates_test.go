package templates_test

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/runtime/templates"
)

// patience bounds every wait, on machines that are busy with other tests.
const patience = 5 * time.Minute

func TestNames(t *testing.T) {
	t.Parallel()
	want := []string{"bash", "dockerfile", "go", "java", "node", "python"}
	if diff := cmp.Diff(want, templates.Names()); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"", ".", "cobol", "../kinds", "node/index.js", "/node"} {
		if _, ok := templates.Files(name); ok {
			t.Errorf("there is a template %q", name)
		}
	}
}

// TestLayout checks what faas-cli looks for.
func TestLayout(t *testing.T) {
	t.Parallel()
	for _, name := range templates.Names() {
		template, ok := templates.Files(name)
		if !ok {
			t.Fatalf("there is no template %s", name)
		}
		dockerfile := "Dockerfile"
		if name == templates.Dockerfile {
			dockerfile = templates.Handler + "/Dockerfile"
		}
		if err := fstest.TestFS(template, "template.yml", dockerfile); err != nil {
			t.Error(err)
		}
		about, err := fs.ReadFile(template, "template.yml")
		if err != nil {
			t.Fatal(err)
		}
		image, err := fs.ReadFile(template, dockerfile)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(about), "language: "+name+"\n") || !strings.Contains(string(about), "\nwelcome_message: |\n") {
			t.Errorf("%s: template.yml is %s", name, about)
		}
		// What faas-cli sets when it deploys is what the image has anyway.
		if _, rest, found := strings.Cut(string(about), "\nfprocess: "); found {
			process, _, _ := strings.Cut(rest, "\n")
			if set := strings.NewReplacer(`"`, "").Replace(string(image)); !strings.Contains(set, "fprocess="+process) {
				t.Errorf("%s: the image's process is another than %q", name, process)
			}
		}
	}
}

// TestFunctions builds the function that each template begins with, and calls
// it.
func TestFunctions(t *testing.T) {
	t.Parallel()
	for _, name := range templates.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, build(t, name, nil))
			a := f.call(t, "PUT", "/some/path?x=1", "hello")
			if name == templates.Dockerfile {
				if a != "hello" {
					t.Errorf("got %q", a)
				}
				return
			}
			var got map[string]string
			if err := json.Unmarshal([]byte(a), &got); err != nil {
				t.Fatalf("%v: %q", err, a)
			}
			want := map[string]string{"body": "hello", "method": "PUT", "path": "/some/path"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestHandlers has handlers say things in the ways that their language has.
func TestHandlers(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"node": {"handler.js": `module.exports = (event, context, callback) => {
  if (event.path === '/fail') throw new Error('on purpose')
  if (event.path === '/value') return event.body.a
  context.status(201).headers({'X-Mine': event.query.x, 'Content-Type': 'text/plain'})
  callback(null, event.body.a + event.headers['x-yours'])
}`},
		"python": {"handler.py": `def handle(event, context):
    if event.path == "/fail":
        raise ValueError("on purpose")
    a = __import__("json").loads(event.body)["a"]
    if event.path == "/value":
        return a
    return {"statusCode": 201, "headers": {"X-Mine": event.query["x"], "Content-Type": "text/plain"}, "body": a + event.headers["x-Yours"]}
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, build(t, name, files))
			if a := f.call(t, "POST", "/value", `{"a":"b"}`); a != "b" {
				t.Errorf("a value: got %q", a)
			}
			resp, body := f.do(t, "POST", "/?x=1&x=2", `{"a":"b"}`)
			if resp.StatusCode != 201 || resp.Header.Get("X-Mine") == "" || resp.Header.Get("Content-Type") != "text/plain" || body != "bc" {
				t.Errorf("an answer: got %d %q %v", resp.StatusCode, body, resp.Header)
			}
			if resp, body := f.do(t, "POST", "/fail", `{"a":"b"}`); resp.StatusCode != 500 {
				t.Errorf("a failure: got %d %q", resp.StatusCode, body)
			}
			if !strings.Contains(f.logs(t), "on purpose") {
				t.Errorf("logs: got %q", f.logs(t))
			}
		})
	}
}

// A Go function can be a module.
func TestGoModule(t *testing.T) {
	t.Parallel()
	f := start(t, build(t, "go", map[string]string{
		"go.mod":     "module handler/function\n\ngo 1.24\n",
		"handler.go": "package function\n\nimport (\"net/http\"; \"handler/function/words\")\n\nfunc Handle(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(words.Hello)) }\n",
		"words/w.go": "package words\n\nconst Hello = \"hello\"\n",
	}))
	if a := f.call(t, "GET", "/", ""); a != "hello" {
		t.Errorf("got %q", a)
	}
}

// build makes an image as faas-cli does: the template, and over its handler
// the function's own files. It returns the image.
func build(t *testing.T, name string, function map[string]string) string {
	t.Helper()
	template, ok := templates.Files(name)
	if !ok {
		t.Fatalf("there is no template %s", name)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, template); err != nil {
		t.Fatal(err)
	}
	if name == templates.Dockerfile {
		dir = filepath.Join(dir, templates.Handler)
	}
	for _, file := range slices.Sorted(maps.Keys(function)) {
		file, content := filepath.Join(dir, templates.Handler, file), function[file]
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	image := unique("template-" + name)
	// What a template brings needs nothing of the network.
	docker(t, "build", "--network", "none", "--tag", image, dir)
	t.Cleanup(func() { _ = exec.Command("docker", "rmi", "--force", image).Run() })
	return image
}

// function is one that runs.
type function struct{ container, url string }

// start runs an image as the platform does, and returns when the function
// answers.
func start(t *testing.T, image string) *function {
	t.Helper()
	f := &function{container: unique("function")}
	network := unique("network")
	docker(t, "network", "create", network)
	t.Cleanup(func() { _ = exec.Command("docker", "network", "rm", network).Run() })
	docker(t, "run", "--detach", "--name", f.container, "--network", network, "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--memory", "256m", image)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("logs: %.4000s", f.logs(t))
		}
		_ = exec.Command("docker", "rm", "--force", "--volumes", f.container).Run()
	})
	address := docker(t, "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", f.container)
	f.url = "http://" + strings.TrimSpace(address) + ":8080"
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the function is not ready")
		}
		// Its own server may begin later than the watchdog.
		resp, err := http.Get(f.url + "/")
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.Header.Get("X-OpenFaaS-Internal") == "" {
			return f
		}
	}
}

func (f *function) logs(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("docker", "logs", f.container).CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
	return string(out)
}

// call expects status 200 and returns the body.
func (f *function) call(t *testing.T, method, path, body string) string {
	t.Helper()
	resp, answer := f.do(t, method, path, body)
	if resp.StatusCode != 200 {
		t.Fatalf("got %d %q", resp.StatusCode, answer)
	}
	return answer
}

func (f *function) do(t *testing.T, method, path, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, f.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Yours", "c")
	if strings.HasPrefix(body, "{") {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(answer)
}

func docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v: %s", args[0], err, out)
	}
	return string(out)
}

func unique(name string) string {
	return fmt.Sprintf("hearth-templatetest-%s-%d-%d", name, os.Getpid(), time.Now().UnixNano())
}

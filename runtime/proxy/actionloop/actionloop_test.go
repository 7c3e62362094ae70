package actionloop_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/runtime/proxy/actionloop"
	"github.com/hearth-faas/hearth/runtime/proxy/reap"
	"github.com/hearth-faas/hearth/runtime/proxy/sentinel"
)

// The actions of these tests are this test binary itself, which behaves as
// the variable ACTION says.
func TestMain(m *testing.M) {
	if behaviour := os.Getenv("ACTION"); behaviour != "" {
		act(behaviour)
		return
	}
	os.Exit(m.Run())
}

// platform is a proxy and what it writes as sentinels.
type platform struct {
	t        *testing.T
	server   *httptest.Server
	out, err *lockedBuffer
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) sentinels() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Count(b.buf.String(), sentinel.Line+"\n")
}

func start(t *testing.T, change func(*actionloop.Config)) *platform {
	t.Helper()
	return startProxy(t, change, new(*actionloop.Proxy))
}

// startProxy is start for tests that need the proxy itself.
func startProxy(t *testing.T, change func(*actionloop.Config), into **actionloop.Proxy) *platform {
	t.Helper()
	config := actionloop.Config{Dir: t.TempDir(), WaitForAck: true, Environ: os.Environ()}
	if change != nil {
		change(&config)
	}
	p := &platform{t: t, out: new(lockedBuffer), err: new(lockedBuffer)}
	proxy := actionloop.New(config, reap.New(), sentinel.Streams{Out: p.out, Err: p.err}, slog.New(slog.DiscardHandler))
	*into = proxy
	p.server = httptest.NewServer(proxy)
	t.Cleanup(func() {
		p.server.Close()
		done := make(chan struct{})
		time.AfterFunc(10*time.Second, func() { close(done) })
		proxy.Close(done)
	})
	return p
}

func (p *platform) post(path, body string) (int, string) {
	p.t.Helper()
	resp, err := http.Post(p.server.URL+path, "application/json", strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// script is an action that turns into this test binary.
func script(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return "#!/bin/sh\nexec " + self + "\n"
}

// init sends an action of the given behaviour.
func (p *platform) init(behaviour string) (int, string) {
	p.t.Helper()
	return p.post("/init", encode(p.t, map[string]any{"code": script(p.t), "env": map[string]any{"ACTION": behaviour}}))
}

func encode(t *testing.T, value map[string]any) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"value": value})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func zipOf(t *testing.T, files map[string]string) string {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for name, content := range files {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(buf.Bytes())
}

func (p *platform) want(what string, status int, body string) func(int, string) {
	return func(gotStatus int, gotBody string) {
		p.t.Helper()
		if gotStatus != status || gotBody != body {
			p.t.Errorf("%s: got %d %.300s, want %d %.300s", what, gotStatus, gotBody, status, body)
		}
	}
}

func TestInitRefusals(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body   string
		status int
		text   string
	}{
		"an empty object":     {`{}`, 403, "Missing main/no code to execute."},
		"empty code":          {`{"value":{"code":""}}`, 403, "Missing main/no code to execute."},
		"no JSON":             {`{"value"`, 400, "Error unmarshaling request: unexpected end of JSON input"},
		"no base64":           {`{"value":{"code":"%%%%","binary":true}}`, 400, "cannot decode the request: illegal base64 data at input byte 0"},
		"what cannot execute": {`{"value":{"code":"hello"}}`, 502, "cannot start action: "},
		"a folder as exec":    {`{"value":{"binary":true,"code":"` + zipOf(t, map[string]string{"exec/a": ""}) + `"}}`, 502, "no executable named exec in the action"},
		"a damaged zip":       {`{"value":{"binary":true,"code":"` + base64.StdEncoding.EncodeToString([]byte("PK\x03\x04 no")) + `"}}`, 502, "open zip: "},
		"an escaping zip":     {`{"value":{"binary":true,"code":"` + zipOf(t, map[string]string{"../evil": ""}) + `"}}`, 502, "unzip ../evil: archive entry leads outside"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, nil)
			status, body := p.post("/init", tt.body)
			var answer struct{ Error string }
			if err := json.Unmarshal([]byte(body), &answer); err != nil || status != tt.status || !strings.HasPrefix(answer.Error, tt.text) {
				t.Errorf("got %d %s, want %d %s", status, body, tt.status, tt.text)
			}
			if p.out.sentinels() != 1 || p.err.sentinels() != 1 {
				t.Errorf("got %d and %d sentinels, want one on each stream", p.out.sentinels(), p.err.sentinels())
			}
			p.want("run without action", 500, `{"error":"no action defined yet"}`)(p.post("/run", `{"value":{}}`))
		})
	}
}

func TestInitOnceAndRunOften(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	p.want("init", 200, `{"ok":true}`)(p.init("echo"))
	if p.out.sentinels() != 0 || p.err.sentinels() != 0 {
		t.Error("a good init wrote sentinels")
	}
	p.want("second init", 403, `{"error":"Cannot initialize the action more than once."}`)(p.init("echo"))
	for n := range 3 {
		p.want("run", 200, fmt.Sprintf(`{"value":{"n":%d}}`, n))(p.post("/run", fmt.Sprintf(`{"value":{"n":%d}}`, n)))
	}
	p.want("newlines between tokens", 200, `{"value":  [1] }`)(p.post("/run", "{\"value\":\r\n[1]\n}"))
	p.want("no JSON", 400, `{"error":"Error unmarshaling request: the body is not JSON"}`)(p.post("/run", "{"))
	if p.out.sentinels() != 5 || p.err.sentinels() != 5 {
		t.Errorf("got %d and %d sentinels, want 5 on each stream", p.out.sentinels(), p.err.sentinels())
	}
}

func TestLargePayloads(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	padding := strings.Repeat("# padding that makes the code large\n", 36<<20/36)
	code := base64.StdEncoding.EncodeToString([]byte(script(t) + padding))
	if len(code) < 48<<20 {
		t.Fatal("the code of this test is too small")
	}
	p.want("init", 200, `{"ok":true}`)(p.post("/init", encode(t, map[string]any{"binary": true, "code": code, "env": map[string]any{"ACTION": "echo"}})))
	body := `{"value":{"text":"` + strings.Repeat("ÿ", 2<<20) + `"}}`
	p.want("run", 200, body)(p.post("/run", body))
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	p.want("init", 200, `{"ok":true}`)(p.post("/init", encode(t, map[string]any{"code": script(t), "env": map[string]any{
		"ACTION": "env", "E_EQUALS": "a=b=c=", "E_EMPTY": "", "E_NULL": nil, "E_NUMBER": 1.5, "E_OBJECT": map[string]any{"a": []int{1}}, "E_TEXT": "ü\n\"",
		"E=BAD": "x",
	}})))
	want := `{"E_EMPTY":"","E_EQUALS":"a=b=c=","E_NULL":"","E_NUMBER":"1.5","E_OBJECT":"{\"a\":[1]}","E_TEXT":"ü\n\""}`
	p.want("run", 200, want)(p.post("/run", `{"value":{}}`))
}

func TestDeathOfTheAction(t *testing.T) {
	t.Parallel()
	const exited = `{"error":"command exited"}`
	for name, tt := range map[string]struct {
		behaviour string
		init      string // "" means success
		run       string
		status    int
	}{
		"before the acknowledgement":      {behaviour: "exit", init: "cannot start action: Command exited abruptly during initialization."},
		"with another acknowledgement":    {behaviour: "nack", init: "cannot start action: The action did not initialize properly."},
		"with a reason of its own":        {behaviour: "reason", init: "no main in it"},
		"between acknowledgement and run": {behaviour: "ack-exit", run: exited, status: 500},
		"when the request comes":          {behaviour: "exit-on-request", run: exited, status: 400},
		"in the middle of its answer":     {behaviour: "half-answer", run: exited, status: 400},
		"by a signal":                     {behaviour: "kill", run: exited, status: 400},
		"just after its answer":           {behaviour: "answer-exit", run: `{"ok":1}`, status: 200},
		"leaving a process that holds on": {behaviour: "leave-child", run: exited, status: 400},
		"never, answering no object":      {behaviour: "scalar", run: `{"error":"The action did not return a dictionary or array."}`, status: 502},
		"never, answering no JSON":        {behaviour: "garbage", run: `{"error":"The action did not return a dictionary or array."}`, status: 502},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, nil)
			status, body := p.init(tt.behaviour)
			if tt.init != "" {
				p.want("init", 502, `{"error":"`+tt.init+`"}`)(status, body)
				return
			}
			p.want("init", 200, `{"ok":true}`)(status, body)
			if tt.status == 500 {
				p.eventually(500, exited)
				return
			}
			p.want("run", tt.status, tt.run)(p.post("/run", `{"value":{}}`))
			if tt.status == 400 {
				p.want("run after death", 500, exited)(p.post("/run", `{"value":{}}`))
			}
		})
	}
}

// eventually runs until the proxy has seen the end of the action.
func (p *platform) eventually(status int, body string) {
	p.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if s, b := p.post("/run", `{"value":{}}`); s == status && b == body {
			return
		}
	}
	p.t.Errorf("never got %d %s", status, body)
}

func TestInitErrorInTheLogs(t *testing.T) {
	t.Parallel()
	p := start(t, func(c *actionloop.Config) { c.LogInitError = true })
	p.want("no binary", 502, `{"error":"The action failed to generate or locate a binary. See logs for details."}`)(
		p.post("/init", encode(t, map[string]any{"binary": true, "code": zipOf(t, map[string]string{"a": "b"})})))
	p.want("no start", 502, `{"error":"Cannot start action. Check logs for details."}`)(p.init("exit"))
}

func TestWithoutAcknowledgement(t *testing.T) {
	t.Parallel()
	p := start(t, func(c *actionloop.Config) { c.WaitForAck = false })
	p.want("init", 200, `{"ok":true}`)(p.init("echo-quietly"))
	p.want("run", 200, `{"value":{}}`)(p.post("/run", `{"value":{}}`))
}

func TestFramesRunAtTheSameTime(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	p.want("init", 200, `{"ok":true}`)(p.init("frames"))
	// The action answers the first request after it got the last.
	const requests = 20
	var all sync.WaitGroup
	for n := range requests {
		all.Go(func() {
			body := fmt.Sprintf(`{"value":{"n":%d,"wait":%d}}`, n, requests)
			p.want("run", 203, body)(p.post("/run", body))
		})
	}
	all.Wait()
	if p.out.sentinels() != requests {
		t.Errorf("got %d sentinels, want %d", p.out.sentinels(), requests)
	}
}

func TestCompiler(t *testing.T) {
	t.Parallel()
	compiler := filepath.Join(t.TempDir(), "compiler")
	text := "#!/bin/sh\ngrep -q BROKEN $2/exec && { echo line 1: broken; exit 3; }\n" +
		"(echo '#!/bin/sh'; echo 'export MAIN='$1; cat $2/exec) > $3/exec; chmod +x $3/exec\n"
	writeScript(t, compiler, text)
	change := func(c *actionloop.Config) { c.Compiler = compiler; c.ExecutionEnv = "test/1" }
	source := strings.TrimPrefix(script(t), "#!/bin/sh\n")
	action := func(code string, binary bool) string {
		return encode(t, map[string]any{"code": code, "binary": binary, "main": "entry", "env": map[string]any{"ACTION": "main"}})
	}

	t.Run("compiles source and passes the entry point", func(t *testing.T) {
		t.Parallel()
		p := start(t, change)
		p.want("init", 200, `{"ok":true}`)(p.post("/init", action(source, false)))
		p.want("run", 200, `{"main":"entry"}`)(p.post("/run", `{"value":{}}`))
	})
	t.Run("shows the compiler's output", func(t *testing.T) {
		t.Parallel()
		p := start(t, change)
		p.want("init", 502, `{"error":"line 1: broken"}`)(p.post("/init", action("BROKEN", false)))
	})
	t.Run("skips the compiler for what is precompiled", func(t *testing.T) {
		t.Parallel()
		config := actionloop.Config{Dir: t.TempDir(), Environ: os.Environ()}
		change(&config)
		var precompiled bytes.Buffer
		proxy := actionloop.New(config, reap.New(), sentinel.Streams{}, slog.New(slog.DiscardHandler))
		if err := proxy.Compile(&precompiled, []byte(source), "early", nil); err != nil {
			t.Fatal(err)
		}
		code := base64.StdEncoding.EncodeToString(precompiled.Bytes())
		p := start(t, func(c *actionloop.Config) { c.Compiler = "/nonexistent"; c.ExecutionEnv = "test/1" })
		p.want("init", 200, `{"ok":true}`)(p.post("/init", action(code, true)))
		p.want("run", 200, `{"main":"early"}`)(p.post("/run", `{"value":{}}`))

		other := start(t, func(c *actionloop.Config) { c.ExecutionEnv = "test/2" })
		other.want("init elsewhere", 502, `{"error":"Expected exec.env should start with test/2\nActual value: test/1"}`)(
			other.post("/init", action(code, true)))
	})
}

func TestLauncher(t *testing.T) {
	t.Parallel()
	self := strings.Fields(script(t))[2]
	hello := func(env map[string]any) string {
		return encode(t, map[string]any{"code": "#! text", "main": "entry", "env": env})
	}
	for name, tt := range map[string]struct {
		prepare bool
		env     map[string]any
		pid     bool // whether the prepared process is used
	}{
		"starts with init":                               {env: map[string]any{"A": "b=c"}},
		"stands by before init":                          {prepare: true, env: map[string]any{"A": "b=c"}, pid: true},
		"starts again for variables that act at a start": {prepare: true, env: map[string]any{"A": "b=c", "NODE_OPTIONS": "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var proxy *actionloop.Proxy
			p := startProxy(t, func(c *actionloop.Config) {
				c.Launcher = []string{self}
				c.Environ = append(c.Environ, "ACTION=launcher")
			}, &proxy)
			if tt.prepare {
				proxy.Prepare()
			}
			p.want("init", 200, `{"ok":true}`)(p.post("/init", hello(tt.env)))
			want := fmt.Sprintf(`{"env":"b=c","main":"entry","own":%v,"text":"#! text"}`, !tt.pid)
			p.want("run", 200, want)(p.post("/run", `{"value":{}}`))
		})
	}
}

// writeScript makes an executable. No process is started meanwhile: one that
// inherited the open file would keep it from being executed.
func writeScript(t *testing.T, file, text string) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

package main_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// classics are requests to the classic watchdog, each with one of its settings.
var classics = map[string]struct {
	script string
	env    []string
	method string // POST by default
	path   string // /a/b?x=1&y=2 by default
	status int
	body   string
	kind   string // content type
	logs   []string
}{
	"the body is the input, the output the answer": {script: "tr a-z A-Z", status: 200, body: "HELLO", kind: "text/x-test",
		logs: []string{"Forking fprocess.\n", "Wrote 5 Bytes - Duration: 0."}},
	"the request is in variables": {script: `echo "$Http_Method $Http_Path $Http_Query $Http_X_Test $Http_ContentLength $Http_Content_Length $Http_Host"`,
		status: 200, body: "POST /a/b x=1&y=2 first 5 5 here\n"},
	"variables that have no value are absent": {script: `env | grep -c -e ^Http_Query -e ^Http_Transfer; true`, path: "/", status: 200, body: "0\n"},
	"no variables if not wanted":              {script: `echo "-$Http_Method-"`, env: []string{"cgi_headers=1"}, status: 200, body: "--\n"},
	"the watchdog's own variables are there":  {script: `echo "$mine $max_inflight-$HEARTH_MODE"`, env: []string{"mine=yes", "max_inflight=3"}, status: 200, body: "yes 3-\n"},
	"the input is JSON with headers": {script: "cat", env: []string{"marshal_request=true"}, status: 200,
		body: `{"header":{"Accept-Encoding":["gzip"],"Content-Length":["5"],"Content-Type":["text/x-test"],"User-Agent":["test"],"X-Test":["first","second"]},"body":{"raw":"aGVsbG8="}}`},
	"a type of content is forced": {script: "cat", env: []string{"content_type=text/forced"}, status: 200, body: "hello", kind: "text/forced"},
	"stderr is in the answer":     {script: "echo out; echo err >&2", status: 200, body: "out\nerr\n"},
	"stderr is in the logs, if wanted": {script: "echo out; echo err >&2", env: []string{"combine_output=false"}, status: 200, body: "out\n",
		logs: []string{"stderr: err\n"}},
	"the answer is in the logs, if wanted": {script: "echo out", env: []string{"write_debug=true"}, status: 200, body: "out\n",
		logs: []string{"out\n", "Duration: 0."}},
	"headers are in the logs, if wanted": {script: "cat", env: []string{"debug_headers=true"}, status: 200, body: "hello",
		logs: []string{"[in] X-Test=[first second]\n", "[out] X-Duration-Seconds=["}},
	"a failure shows with the output": {script: "echo out; echo err >&2; exit 3", status: 500, body: "exit status 3\nout\nerr\n"},
	"a signal shows":                  {script: "kill -9 $$", status: 500, body: "signal: killed\n"},
	"what takes too long is killed, with what it started": {script: "sleep 1000", env: []string{"exec_timeout=100ms"}, status: 408, body: "Killed process.\n",
		logs: []string{"Killing process: "}},
	"a body that nobody reads":        {script: "echo done", status: 200, body: "done\n"},
	"PATCH":                           {script: "echo $Http_Method", method: http.MethodPatch, status: 200, body: "PATCH\n"},
	"DELETE":                          {script: "echo $Http_Method", method: http.MethodDelete, status: 200, body: "DELETE\n"},
	"GET":                             {script: "echo $Http_Method", method: http.MethodGet, status: 200, body: "GET\n"},
	"nok, HEAD":                       {script: "cat", method: http.MethodHead, status: 405},
	"nok, OPTIONS":                    {script: "cat", method: http.MethodOptions, status: 405},
	"readiness is no path of its own": {script: "echo $Http_Path", path: "/_/ready", status: 200, body: "/_/ready\n"},
	"a path is not made clean":        {script: "echo $Http_Path", path: "/a//b/../c", status: 200, body: "/a//b/../c\n"},
}

func TestClassicWatchdog(t *testing.T) {
	t.Parallel()
	for name, tt := range classics {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := serve(t, append(slices.Clone(tt.env), "fprocess="+script(t, tt.script))...)
			if tt.method == "" {
				tt.method = http.MethodPost
			}
			if tt.path == "" {
				tt.path = "/a/b?x=1&y=2"
			}
			a := f.do(tt.method, tt.path, "hello", "X-Test: first", "X-Test: second", "Content-Type: text/x-test", "Host: here", "User-Agent: test")
			if a.err != nil || a.status != tt.status || a.body != tt.body {
				t.Errorf("got %d %q, %v, want %d %q", a.status, a.body, a.err, tt.status, tt.body)
			}
			if timed := a.header.Get("X-Duration-Seconds") != ""; timed != (tt.status == 200) {
				t.Errorf("headers %v: the duration is there: %v", a.header, timed)
			}
			if tt.kind != "" && a.header.Get("Content-Type") != tt.kind {
				t.Errorf("got content type %q, want %q", a.header.Get("Content-Type"), tt.kind)
			}
			for _, line := range tt.logs {
				f.logged(line)
			}
		})
	}
}

func TestClassicContentIsGuessed(t *testing.T) {
	t.Parallel()
	f := serve(t, "fprocess=cat")
	if a := f.do("POST", "/", "some text"); a.header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("got %v", a.header)
	}
}

func TestClassicChunks(t *testing.T) {
	t.Parallel()
	f := serve(t, "fprocess="+script(t, `echo "$Http_Content_Length $Http_Transfer_Encoding"`))
	if a := f.send("POST", "/", io.MultiReader(strings.NewReader("hello"))); a.body != "-1 chunked\n" {
		t.Errorf("got %q, %v", a.body, a.err)
	}
}

func TestClassicWithoutProgram(t *testing.T) {
	t.Parallel()
	f := serve(t, "fprocess=/nonexistent a b")
	if a := f.do("POST", "/", ""); a.status != 500 || a.body != "fork/exec /nonexistent: no such file or directory\n" {
		t.Errorf("got %d %q", a.status, a.body)
	}
}

// A function can be reached by a client that does not keep to HTTP.
func TestClassicBrokenBody(t *testing.T) {
	t.Parallel()
	f := serve(t, "fprocess=cat")
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != 400 {
		t.Errorf("got %v, %v", resp, err)
	}
}

func TestClassicTimeoutsOfTheServer(t *testing.T) {
	t.Parallel()
	t.Run("a request that does not come in time", func(t *testing.T) {
		t.Parallel()
		f := serve(t, "fprocess=cat", "read_timeout=3s")
		body, input := io.Pipe()
		defer input.Close()
		if a := f.send("POST", "/", body); a.status != 400 {
			t.Errorf("got %d %q, %v", a.status, a.body, a.err)
		}
	})
	t.Run("an answer that does not come in time, whose process goes on", func(t *testing.T) {
		t.Parallel()
		done := filepath.Join(t.TempDir(), "done")
		f := serve(t, "write_timeout=100ms", "fprocess="+script(t, "sleep 1; touch "+done))
		if a := f.do("POST", "/", ""); a.err == nil {
			t.Errorf("got %d %q", a.status, a.body)
		}
		exists(t, done)
	})
	t.Run("a longer limit of the process is kept", func(t *testing.T) {
		t.Parallel()
		f := serve(t, "write_timeout=100ms", "exec_timeout=1m", "fprocess="+script(t, "sleep 1; echo done"))
		if a := f.do("POST", "/", ""); a.status != 200 || a.body != "done\n" {
			t.Errorf("got %d %q, %v", a.status, a.body, a.err)
		}
	})
}

func TestWhatCannotStart(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		env  []string
		text string
	}{
		"no process":                    {nil, "variable fprocess"},
		"no time to answer":             {[]string{"fprocess=cat", "write_timeout=0"}, "variable write_timeout"},
		"a timeout that is none":        {[]string{"fprocess=cat", "exec_timeout=soon"}, "variable exec_timeout"},
		"a number that is none":         {[]string{"fprocess=cat", "max_inflight=many"}, "variable max_inflight"},
		"an unknown mode":               {[]string{"fprocess=cat", "mode=afterburn"}, `"afterburn"`},
		"no upstream":                   {[]string{"fprocess=cat", "mode=http"}, "variable http_upstream_url"},
		"an upstream that is none":      {[]string{"fprocess=cat", "mode=http", "upstream_url=localhost:3000"}, "no address"},
		"a buffer that is none":         {[]string{"fprocess=cat", "mode=http", "upstream_url=http://a", "log_buffer_size=0"}, "variable log_buffer_size"},
		"tokens that would be ignored":  {[]string{"fprocess=cat", "jwt_auth=true"}, "variable jwt_auth"},
		"a lock file that cannot be":    {[]string{"fprocess=cat", "TMPDIR=/nonexistent"}, "suppress_lock=true does without it"},
		"a server that cannot start":    {[]string{"fprocess=/nonexistent", "mode=http", "upstream_url=http://a"}, "no such file"},
		"a port that cannot be":         {[]string{"fprocess=cat", "port=nonsense"}, "nonsense"},
		"a mode that the proxy has not": {[]string{"HEARTH_MODE=other"}, `"other"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := launch(t, tt.env...)
			if code := f.ended(); code != 1 || !strings.Contains(f.logs.String(), tt.text) {
				t.Errorf("got exit code %d and %q, want 1 and %q", code, f.logs, tt.text)
			}
		})
	}
}

func TestTheNameOfTheWatchdog(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "fwatchdog")
	if err := os.Symlink(built, name); err != nil {
		t.Fatal(err)
	}
	f := launchAs(t, name, "HEARTH_MODE=")
	if code := f.ended(); code != 1 || !strings.Contains(f.logs.String(), "variable fprocess") {
		t.Errorf("got exit code %d and %q", code, f.logs)
	}
}

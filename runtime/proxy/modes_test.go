package main_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// modes are requests to functions with a process for each.
var modes = map[string]struct {
	script string
	env    []string
	status int
	body   string
	logs   []string
}{
	"serializing answers":             {"cat", []string{"mode=serializing"}, 200, "hello", []string{"POST /a?x=1 - 200 - ContentLength: 5B (0."}},
	"serializing has variables":       {`echo "$Http_Method $Http_Path $Http_Query $Http_X_Test-$Http_Host$Http_ContentLength$Http_Content_Length"`, []string{"mode=serializing"}, 200, "POST /a x=1 first-5\n", nil},
	"serializing without variables":   {`echo "-$Http_Method-"`, []string{"mode=serializing", "cgi_headers=false"}, 200, "--\n", nil},
	"serializing logs what fails":     {"echo lost; echo err >&2; exit 1", []string{"mode=serializing"}, 500, "exit status 1", []string{" stderr: err\n"}},
	"serializing kills":               {"sleep 1000", []string{"mode=serializing", "exec_timeout=100ms"}, 500, "signal: killed", nil},
	"serializing, no such program":    {"", []string{"mode=serializing", "function_process=/nonexistent"}, 500, "fork/exec /nonexistent: no such file or directory", nil},
	"serializing, type of content":    {"cat", []string{"mode=serializing", "content_type=text/forced"}, 200, "hello", nil},
	"serializing, a line too long":    {"printf 0123456789abcde >&2", []string{"mode=serializing", "log_buffer_size=10"}, 200, "", []string{" stderr: 0123456789\n", " stderr: abcde\n"}},
	"serializing, a line of any size": {"printf 0123456789abcde >&2", []string{"mode=serializing", "log_buffer_size=-1"}, 200, "", []string{" stderr: 0123456789abcde\n"}},
	"serializing, lines as they are":  {"echo err >&2", []string{"mode=serializing", "prefix_logs=false"}, 200, "", []string{"\nerr\n"}},
	"streaming answers":               {"cat", []string{"mode=streaming"}, 200, "hello", []string{"POST /a?x=1 - 200 - ContentLength: 5B (0."}},
	"streaming has variables":         {`echo "$Http_Method $Http_Path $Http_Query $Http_X_Test"`, []string{"mode=streaming"}, 200, "POST /a x=1 first\n", nil},
	"streaming fails in silence":      {"echo some; exit 1", []string{"mode=streaming"}, 200, "some\n", []string{"exit status 1\n", "POST /a?x=1 - 500 - "}},
	"streaming kills in silence":      {"echo some; sleep 1000", []string{"mode=streaming", "exec_timeout=5s"}, 200, "some\n", []string{"signal: killed\n"}},
	"streaming, no such program":      {"", []string{"mode=streaming", "function_process=/nonexistent"}, 200, "", []string{"no such file or directory\n"}},
	"streaming logs stderr":           {"echo err >&2", []string{"mode=streaming"}, 200, "", []string{" stderr: err\n"}},
	"the image's mode comes first":    {"cat; exit 1", []string{"mode=streaming", "HEARTH_MODE=serializing"}, 500, "exit status 1", nil},
	"the image's mode may be classic": {"echo out; exit 1", []string{"mode=streaming", "HEARTH_MODE=fork"}, 500, "exit status 1\nout\n", nil},
}

func TestModes(t *testing.T) {
	t.Parallel()
	for name, tt := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := serve(t, append(slices.Clone(tt.env), "fprocess="+script(t, tt.script))...)
			a := f.do("POST", "/a?x=1", "hello", "X-Test: first", "X-Test: second", "Content-Type: text/x-test")
			if a.err != nil || a.status != tt.status || a.body != tt.body {
				t.Errorf("got %d %q, %v, want %d %q", a.status, a.body, a.err, tt.status, tt.body)
			}
			kind := "application/octet-stream"
			if slices.Contains(tt.env, "content_type=text/forced") {
				kind = "text/forced"
			}
			if got := a.header.Get("Content-Type"); !strings.Contains(name, "classic") && got != kind {
				t.Errorf("got content type %q, want %q", got, kind)
			}
			timed := strings.HasPrefix(name, "serializing") && tt.status == 200
			if got := a.header.Get("X-Duration-Seconds") != ""; got != timed {
				t.Errorf("headers %v: the duration is there: %v", a.header, got)
			}
			for _, line := range tt.logs {
				f.logged(line)
			}
		})
	}
}

func TestProbesAreNotLogged(t *testing.T) {
	t.Parallel()
	f := serve(t, "fprocess=cat", "mode=serializing")
	f.do("POST", "/probe", "", "User-Agent: kube-probe/1.2")
	f.do("POST", "/call", "")
	f.logged("POST /call - 200 - ")
	if strings.Contains(f.logs.String(), "/probe") {
		t.Errorf("got %s", f.logs)
	}
}

// A process and its caller can talk in turns.
func TestStreamingBothWays(t *testing.T) {
	t.Parallel()
	f := serve(t, "mode=streaming", "fprocess="+script(t, `while read -r line; do echo "<$line>"; done`))
	body, input := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url, body)
	if err != nil {
		t.Fatal(err)
	}
	say := func(text string) { _, _ = io.WriteString(input, text+"\n") }
	go say("one")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	hear := func(want string) {
		t.Helper()
		got := make([]byte, len(want))
		if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	hear("<one>\n")
	go say("two")
	hear("<two>\n")
	input.Close()
	if rest, err := io.ReadAll(resp.Body); err != nil || len(rest) > 0 {
		t.Errorf("got %q, %v", rest, err)
	}
}

func TestStreamingMuch(t *testing.T) {
	t.Parallel()
	f := serve(t, "mode=streaming", "fprocess=cat")
	much := bytes.Repeat([]byte("0123456789abcdef"), 1<<18)
	if a := f.send("POST", "/", bytes.NewReader(much)); a.body != string(much) {
		t.Errorf("got %d bytes of %d, %v", len(a.body), len(much), a.err)
	}
}

// A process may end before the body does.
func TestStreamingThatDoesNotListen(t *testing.T) {
	t.Parallel()
	f := serve(t, "mode=streaming", "fprocess=echo enough")
	body, input := io.Pipe()
	defer input.Close()
	if a := f.send("POST", "/", body); a.status != 200 || a.body != "enough\n" {
		t.Errorf("got %d %q, %v", a.status, a.body, a.err)
	}
}

func TestStatic(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "page.html"), []byte("<p>hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := serve(t, "mode=static", "static_path="+dir)
	await(t, func() bool { return f.do("GET", "/_/ready", "").status == 200 })
	if a := f.do("GET", "/page.html", ""); a.status != 200 || a.body != "<p>hello" || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		t.Errorf("got %d %q %v", a.status, a.body, a.header)
	}
	if a := f.do("GET", "/missing.html", ""); a.status != 404 {
		t.Errorf("a file that is not there: got %d", a.status)
	}
	if a := f.do("GET", "/page.html", "", "Range: bytes=3-4"); a.status != 206 || a.body != "he" {
		t.Errorf("a part: got %d %q", a.status, a.body)
	}
}

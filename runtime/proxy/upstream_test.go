package main_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// server is what the function's process would be: it says what it is asked.
func server(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		flush := http.NewResponseController(w).Flush
		switch r.URL.Path {
		case "/slow":
			<-r.Context().Done()
		case "/moved":
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		case "/parts": // waits for each part of the body
			lines := bufio.NewReader(r.Body)
			_ = http.NewResponseController(w).EnableFullDuplex()
			for {
				line, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				fmt.Fprintf(w, "data: %s\n", line)
				_ = flush()
			}
		case "/socket":
			conn, buf, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
			line, _ := buf.ReadString('\n')
			fmt.Fprintf(conn, "you said %s", line)
		default:
			body, _ := io.ReadAll(r.Body)
			w.Header().Set("X-Mine", "yes")
			w.WriteHeader(http.StatusTeapot)
			fmt.Fprintf(w, "%s %s %s %q %d %s %s", r.Method, r.RequestURI, r.Host, r.Header["X-Test"], r.ContentLength, r.Header.Get("X-Forwarded-For"), body)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// serveHTTP starts a function in mode http whose server is server's.
func serveHTTP(t *testing.T, env ...string) *served {
	t.Helper()
	f := serve(t, append([]string{"mode=http", "fprocess=sleep 100000", "http_upstream_url=" + server(t).URL}, env...)...)
	await(t, func() bool { return f.do("GET", "/_/health", "").status == 200 })
	return f
}

func TestUpstream(t *testing.T) {
	t.Parallel()
	f := serveHTTP(t)
	for _, method := range []string{"POST", "OPTIONS", "PURGE"} {
		a := f.do(method, "/a%2Fb//c?x=1;2&y", "hello", "X-Test: first", "X-Test: second", "Host: here", "X-Forwarded-For: 10.0.0.1")
		want := method + ` /a%2Fb//c?x=1;2&y here ["first" "second"] 5 10.0.0.1 hello`
		if a.status != 418 || a.body != want || a.header.Get("X-Mine") != "yes" || a.header.Get("X-Duration-Seconds") == "" {
			t.Errorf("got %d %q %v, want %q", a.status, a.body, a.header, want)
		}
	}
	f.logged("POST /a%2Fb//c?x=1;2&y - 418 I'm a teapot - ContentLength: ")
	if a := f.do("GET", "/moved", ""); a.status != 302 || a.header.Get("Location") != "/elsewhere" {
		t.Errorf("a redirection was followed: got %d %v", a.status, a.header)
	}
	if a := f.send("POST", "/", io.MultiReader(strings.NewReader("hello"))); !strings.HasSuffix(a.body, " -1  hello") {
		t.Errorf("a body of unknown length: got %q", a.body)
	}
}

func TestUpstreamTimeouts(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		env    string
		header string
	}{
		"the function's":          {"exec_timeout=100ms", "X-Test: 1"},
		"less, if the request is": {"exec_timeout=1h", "X-Timeout: 100ms"},
		"never more":              {"exec_timeout=100ms", "X-Timeout: 1h"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := serveHTTP(t, tt.env).do("GET", "/slow", "", tt.header)
			if a.status != 504 || a.body != "" || a.header.Get("X-OpenFaaS-Internal") != "of-watchdog" || a.header.Get("X-Duration-Seconds") == "" {
				t.Errorf("got %d %q %v, %v", a.status, a.body, a.header, a.err)
			}
		})
	}
}

func TestUpstreamIsNotThere(t *testing.T) {
	t.Parallel()
	f := serve(t, "mode=http", "fprocess=sleep 100000", "upstream_url=http://127.0.0.1:1")
	a := f.do("POST", "/", "hello")
	if a.status != 500 || a.body != "" || a.header.Get("X-OpenFaaS-Internal") != "of-watchdog" || a.header.Get("X-Duration-Seconds") == "" {
		t.Errorf("got %d %q %v", a.status, a.body, a.header)
	}
	f.logged("Upstream HTTP request error: dial tcp 127.0.0.1:1: connect: connection refused\n")
}

// Nobody shall be sent to a function whose server does not listen yet.
func TestUpstreamListensLater(t *testing.T) {
	t.Parallel()
	socket, err := net.Listen("tcp", "127.0.0.1:0") // for a port that is free
	if err != nil {
		t.Fatal(err)
	}
	address := socket.Addr().String()
	socket.Close()
	f := serve(t, "mode=http", "fprocess=sleep 100000", "upstream_url=http://"+address)
	for _, path := range []string{"/_/health", "/_/ready"} {
		if a := f.do("GET", path, ""); a.status != 503 {
			t.Errorf("%s before it listens: got %d", path, a.status)
		}
	}
	if socket, err = net.Listen("tcp", address); err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for _, path := range []string{"/_/health", "/_/ready"} {
		if a := f.do("GET", path, ""); a.status != 200 {
			t.Errorf("%s when it listens: got %d", path, a.status)
		}
	}
}

func TestUpstreamBuffersBodies(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"http_buffer_req_body=true", "buffer_http=1"} {
		f := serveHTTP(t, name)
		if a := f.send("POST", "/", io.MultiReader(strings.NewReader("hello"))); !strings.HasSuffix(a.body, " 5  hello") {
			t.Errorf("%s: got %q, %v", name, a.body, a.err)
		}
	}
}

// Events are handed on as they come, and no time limit ends them.
func TestUpstreamEvents(t *testing.T) {
	t.Parallel()
	for _, accept := range []string{"text/event-stream", "application/json, application/x-ndjson"} {
		t.Run(accept, func(t *testing.T) {
			t.Parallel()
			f := serveHTTP(t, "exec_timeout=1ms", "write_timeout=1h", "read_timeout=1h")
			body, input := io.Pipe()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url+"/parts", body)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Accept", accept)
			go func() { _, _ = io.WriteString(input, "one\n") }()
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			for _, word := range []string{"one", "two"} {
				got := make([]byte, len("data: one\n\n"))
				if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != "data: "+word+"\n\n" {
					t.Fatalf("got %q, %v", got, err)
				}
				if word == "one" {
					go func() { _, _ = io.WriteString(input, "two\n") }()
				}
			}
			input.Close()
		})
	}
}

func TestUpstreamWebSocket(t *testing.T) {
	t.Parallel()
	f := serveHTTP(t, "exec_timeout=1ms")
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /socket HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n")
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != 101 || resp.Header.Get("Upgrade") != "websocket" {
		t.Fatalf("got %v, %v", resp, err)
	}
	fmt.Fprint(conn, "hello\n")
	if line, err := in.ReadString('\n'); err != nil || line != "you said hello\n" {
		t.Errorf("got %q, %v", line, err)
	}
	conn.Close()
	f.logged("GET /socket - 101 Switching Protocols - ")
}

func TestUpstreamReadyPath(t *testing.T) {
	t.Parallel()
	f := serveHTTP(t, "ready_path=/ready")
	if a := f.do("GET", "/_/ready", ""); a.status != 418 || a.body != "" {
		t.Errorf("got %d %q", a.status, a.body)
	}
	if strings.Contains(f.logs.String(), "GET /ready") {
		t.Errorf("the probe was logged: %s", f.logs)
	}
}

func TestUpstreamLogs(t *testing.T) {
	t.Parallel()
	both := "fprocess=" + script(t, "echo out of the function; echo err >&2; exec sleep 100000")
	f := serveHTTP(t, both, "log_buffer_size=10", "log_callid=true")
	f.logged(" stderr: err\n")
	await(t, func() bool {
		return strings.Contains(f.out.String(), " stdout: out of the\n") && strings.Contains(f.out.String(), " stdout:  function\n")
	})
	f.do("POST", "/", "", "X-Call-Id: abc-1")
	f.do("POST", "/", "")
	f.logged(") [abc-1]\n")
	f.logged(") [none]\n")

	f = serveHTTP(t, both, "prefix_logs=false")
	f.logged("\nerr\n")
	await(t, func() bool { return f.out.String() == "out of the function\n" })
}

func TestUpstreamEnds(t *testing.T) {
	t.Parallel()
	t.Run("with an error, and the container with it", func(t *testing.T) {
		t.Parallel()
		f := launch(t, "mode=http", "upstream_url=http://127.0.0.1:1", "fprocess="+script(t, "printf 'last words' >&2; exit 3"))
		if code := f.ended(); code != 1 || !strings.Contains(f.logs.String(), " stderr: last words\n") ||
			!strings.Contains(f.logs.String(), "the function's process: exit status 3") {
			t.Errorf("got exit code %d", code)
		}
	})
	t.Run("well, leaving a server", func(t *testing.T) {
		t.Parallel()
		f := serveHTTP(t, "fprocess=true")
		if a := f.do("POST", "/", "hello"); a.status != 418 {
			t.Errorf("got %d", a.status)
		}
		f.term()
		if code := f.ended(); code != 0 {
			t.Errorf("got exit code %d", code)
		}
	})
}

// The process is told to end when the requests that it serves have ended.
func TestUpstreamDrain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := serveHTTP(t, "fprocess="+script(t, "trap 'touch "+dir+"/told; exit 0' TERM; touch "+dir+"/trapped; while :; do sleep 0.05; done"))
	exists(t, dir+"/trapped")
	body, input := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url+"/parts", body)
	if err != nil {
		t.Fatal(err)
	}
	say := func(text string) { _, _ = io.WriteString(input, text) }
	go say("one\n")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	first := make([]byte, len("data: one\n\n"))
	if _, err := io.ReadFull(resp.Body, first); err != nil {
		t.Fatal(err)
	}
	f.term()
	f.logged("draining: 1 requests\n")
	say("two\n")
	if _, err := os.Stat(dir + "/told"); err == nil {
		t.Error("the process was told at once")
	}
	input.Close()
	if rest, err := io.ReadAll(resp.Body); string(rest) != "data: two\n\n" || err != nil {
		t.Errorf("the request that ran: got %q, %v", rest, err)
	}
	exists(t, dir+"/told")
	if code := f.ended(); code != 0 {
		t.Errorf("got exit code %d", code)
	}
}

package direct_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/direct"
)

func TestFunctionsAreCalled(t *testing.T) {
	t.Parallel()
	for name, hop := range map[string]bool{"in this process": false, "through an ingress": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := setup(t, settings{hop: hop})
			p.deploy("f", imageServer, nil, map[string]string{"VERSION": "1"})
			a, err := p.call(http.MethodPatch, "/function/f/a//b%2F..%25?x=1&status=418", strings.NewReader("hello")) // held until it runs
			must(t, err)
			if a.status != 418 || a.body != "hello" || a.header.Get("X-Path") != "/a//b%2F..%25?x=1&status=418" || a.header.Get("X-Method") != "PATCH" {
				t.Errorf("got %+v", a)
			}
			if a.header.Get("X-Call-Id") == "" || a.header.Get("X-Start-Time") == "" {
				t.Errorf("without id or time: %v", a.header)
			}
			for _, path := range []string{"/function/f", "/function/f.openfaas-fn", "/function/f."} {
				if a := p.get(path); a.status != 200 || a.header.Get("X-Path") != "/" {
					t.Errorf("%s: got %+v", path, a)
				}
			}
			for _, path := range []string{"/function/none", "/function/f.guest", "/function/f.other", "/function/.openfaas-fn", "/function/"} {
				if a := p.get(path); a.status != http.StatusNotFound || a.header.Get("X-Openfaas-Internal") != "gateway" {
					t.Errorf("%s: got %+v", path, a)
				}
			}
			if a, err := p.call("BREW", "/function/f", nil); err != nil || a.status != http.StatusMethodNotAllowed || a.body != "" {
				t.Errorf("unknown method: %+v, %v", a, err)
			}
			streams(t, p)
			joins(t, p)
			p.until("the invocations to be counted", func() bool {
				n, err := p.db.Invocations(t.Context(), "guest")
				return err == nil && n["f"] == 6
			})
		})
	}
}

// streams checks that events come while the request goes on.
func streams(t *testing.T, p *platform) {
	t.Helper()
	body, write := io.Pipe()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/function/f/events", body)
	must(t, err)
	res, err := http.DefaultTransport.RoundTrip(r)
	must(t, err)
	defer res.Body.Close()
	in := bufio.NewReader(res.Body)
	for _, word := range []string{"one", "two"} {
		_, err := io.WriteString(write, word+"\n")
		must(t, err)
		if line, err := in.ReadString('\n'); err != nil || line != "data: "+word+"\n" {
			t.Errorf("event: got %q, %v", line, err)
		}
		_, err = in.ReadString('\n')
		must(t, err)
	}
	must(t, write.Close())
}

// joins checks that connections can be upgraded.
func joins(t *testing.T, p *platform) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	must(t, err)
	defer conn.Close()
	must(t, conn.SetDeadline(time.Now().Add(patience)))
	_, err = io.WriteString(conn, "GET /function/f/join HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	must(t, err)
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: got %v, %v", res, err)
	}
	_, err = io.WriteString(conn, "ping\n")
	must(t, err)
	if line, err := in.ReadString('\n'); err != nil || line != "ping\n" {
		t.Errorf("upgraded: got %q, %v", line, err)
	}
}

func TestTheProjectsOwnWatchdogServesFunctions(t *testing.T) {
	t.Parallel()
	p := setup(t, settings{})
	p.deploy("fork", imageFork, nil, map[string]string{"fprocess": "/function cat"})
	p.deploy("http", imageHTTP, nil, map[string]string{"fprocess": "/function", "VERSION": "7"})
	a, err := p.call(http.MethodPost, "/function/fork", strings.NewReader("through a process"))
	if err != nil || a.status != 200 || a.body != "through a process" || a.header.Get("X-Duration-Seconds") == "" {
		t.Errorf("fork: got %+v, %v", a, err)
	}
	if a := p.get("/function/http/version"); a.status != 200 || !strings.HasPrefix(a.body, "7 ") {
		t.Errorf("http: got %+v", a)
	}
}

func TestAReplicaThatDiesIsReplaced(t *testing.T) {
	t.Parallel()
	p := setup(t, settings{})
	p.deploy("f", imageServer, nil, nil)
	before := p.get("/function/f/version").body
	a := p.get("/function/f/die")
	if a.status != http.StatusInternalServerError || a.body != "Can't reach service for: f.openfaas-fn.\n" || a.header.Get("X-Openfaas-Internal") != "gateway" {
		t.Errorf("the call that ended it: got %+v", a)
	}
	p.until("another replica", func() bool {
		a, err := p.call(http.MethodGet, "/function/f/version", nil)
		return err == nil && a.status == 200 && a.body != before
	})
}

func TestScalingFromNoneHoldsCalls(t *testing.T) {
	t.Parallel()
	p := setup(t, settings{})
	p.deploy("f", imageServer, map[string]string{"com.openfaas.scale.min": "2"}, nil)
	p.await("f", 2)
	p.scale("f", 0)
	p.await("f", 0)
	p.until("its containers to be gone", func() bool { return len(p.containers()) == 0 })
	var calls sync.WaitGroup
	for range 5 {
		calls.Go(func() {
			if a, err := p.call(http.MethodGet, "/function/f/version", nil); err != nil || a.status != 200 {
				t.Errorf("held call: got %+v, %v", a, err)
			}
		})
	}
	calls.Wait()
	p.await("f", 2)
}

func TestACallIsNotHeldForEver(t *testing.T) {
	t.Parallel()
	p := setup(t, settings{router: direct.Options{Hold: time.Millisecond}})
	p.deploy("f", imageServer, nil, nil)
	p.scale("f", 0)
	p.await("f", 0)
	if a := p.get("/function/f"); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
		t.Errorf("got %+v", a)
	}
}

func TestAnImageThatIsNotThereIsToldSoon(t *testing.T) {
	t.Parallel()
	p := setup(t, settings{})
	p.deploy("f", "localhost:1/none:1", nil, nil)
	a := p.get("/function/f")
	if a.status != http.StatusInternalServerError || a.body != "Can't reach service for: f.openfaas-fn.\n" {
		t.Errorf("got %+v", a)
	}
}

func TestAnUpdateUnderLoadFailsNoCall(t *testing.T) {
	t.Parallel()
	p := setup(t, settings{})
	p.deploy("f", imageServer, map[string]string{"com.openfaas.scale.min": "2"}, map[string]string{"VERSION": "1"})
	p.await("f", 2)
	var stop, updated atomic.Bool
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			for !stop.Load() {
				a, err := p.call(http.MethodGet, "/function/f/slow?ms=5", nil)
				if err != nil || a.status != 200 {
					t.Errorf("during the update: %+v, %v", a, err)
					return
				}
				if strings.HasPrefix(a.body, "2 ") {
					updated.Store(true)
				}
			}
		})
	}
	p.deploy("f", imageServer, map[string]string{"com.openfaas.scale.min": "2"}, map[string]string{"VERSION": "2"})
	p.until("answers of the new version", updated.Load)
	p.until("the old replicas to be gone", func() bool { return len(p.containers()) == 2 && p.available("f") == 2 })
	stop.Store(true)
	calls.Wait()
}

func TestReplicasFollowTheLoad(t *testing.T) {
	t.Parallel()
	p := setup(t, settings{scale: control.AutoscaleOptions{Every: 50 * time.Millisecond, Window: 3 * time.Second}})
	p.deploy("f", imageServer, map[string]string{
		"com.openfaas.scale.type": "capacity", "com.openfaas.scale.target": "1", "com.openfaas.scale.max": "2",
		"com.openfaas.scale.zero": "true", "com.openfaas.scale.zero-duration": "4s",
	}, nil)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var calls sync.WaitGroup
	for range 3 {
		calls.Go(func() {
			for ctx.Err() == nil {
				if a, err := p.call(http.MethodGet, "/function/f/slow?ms=20", nil); err != nil || a.status != 200 {
					t.Errorf("under load: %+v, %v", a, err)
					return
				}
			}
		})
	}
	p.await("f", 2)
	stop()
	calls.Wait()
	p.await("f", 0)
	if a := p.get("/function/f"); a.status != 200 {
		t.Errorf("it does not wake: %+v", a)
	}
}

func TestAGigabyteStreamsBothWays(t *testing.T) {
	t.Parallel()
	p := setup(t, settings{})
	p.deploy("f", imageServer, nil, nil)
	const size = 1 << 30
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/function/f/count", io.LimitReader(zeros{}, size))
	must(t, err)
	res, err := http.DefaultTransport.RoundTrip(r)
	must(t, err)
	text, err := io.ReadAll(res.Body)
	must(t, err)
	must(t, res.Body.Close())
	if string(text) != "1073741824 <nil>" && string(text) != "1073741824<nil>" {
		t.Errorf("it read %s", text)
	}
	r, err = http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/function/f/zeros?n=1073741824", nil)
	must(t, err)
	res, err = http.DefaultTransport.RoundTrip(r)
	must(t, err)
	n, err := io.Copy(io.Discard, res.Body)
	if err != nil || n != size {
		t.Errorf("%d bytes came back, %v", n, err)
	}
	must(t, res.Body.Close())
}

// zeros is an endless body.
type zeros struct{}

// Read reads zeros.
func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

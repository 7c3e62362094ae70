package watchdog

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/runtime/proxy/reap"
)

// Upstream passes requests on to the function's own HTTP server, which is a
// process that lives as long as the container.
type Upstream struct {
	config  Config
	process *exec.Cmd
	ended   chan struct{}
	handler http.Handler
}

// StartUpstream starts the function's process. When it ends with an error,
// failed is called with it.
func StartUpstream(c Config, r *reap.Reaper, failed func(error)) (*Upstream, error) {
	target, err := url.Parse(c.UpstreamURL)
	if err != nil {
		return nil, fmt.Errorf("address of the function's server: %w", err)
	}
	cmd := exec.Command(c.Process[0], c.Process[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = c.Environ, os.Stdout, os.Stderr
	if err := r.Start(cmd); err != nil {
		return nil, fmt.Errorf("start the function: %w", err)
	}
	u := &Upstream{config: c, process: cmd, ended: make(chan struct{})}
	go func() {
		err := r.Wait(cmd)
		close(u.ended)
		if err != nil {
			failed(fmt.Errorf("the function's process: %w", err))
		}
	}()
	u.handler = Handler(u.proxy(target), c.MaxInflight)
	return u, nil
}

// ServeHTTP passes a request on.
func (u *Upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) { u.handler.ServeHTTP(w, r) }

// Signal passes a signal on to the function's process.
func (u *Upstream) Signal(sig os.Signal) { _ = u.process.Process.Signal(sig) }

// Close waits for the function's process, and kills it when done is closed.
func (u *Upstream) Close(done <-chan struct{}) {
	select {
	case <-u.ended:
	case <-done:
		_ = u.process.Process.Kill()
	}
}

// proxy makes the handler that talks to the function's server: request line,
// headers and host as they are, redirects not followed.
func (u *Upstream) proxy(target *url.URL) http.Handler {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.DisableCompression = true
	transport.MaxIdleConnsPerHost = 1024
	reverse := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host
			prefix := strings.TrimSuffix(target.Path, "/")
			r.Out.URL.Path, r.Out.URL.RawPath = prefix+r.In.URL.Path, prefix+r.In.URL.EscapedPath()
			r.Out.Host = r.In.Host
			for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
				if values, ok := r.In.Header[name]; ok {
					r.Out.Header[name] = values
				}
			}
		},
		FlushInterval: -1,
		ModifyResponse: func(r *http.Response) error {
			if begin, ok := r.Request.Context().Value(beginKey{}).(time.Time); ok && r.StatusCode != http.StatusSwitchingProtocols {
				r.Header.Set("X-Duration-Seconds", seconds(begin))
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			w.Header().Set("X-OpenFaaS-Internal", "of-watchdog")
			if begin, ok := r.Context().Value(beginKey{}).(time.Time); ok {
				w.Header().Set("X-Duration-Seconds", seconds(begin))
			}
			if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
				w.WriteHeader(http.StatusGatewayTimeout)
				return
			}
			fmt.Fprintln(os.Stderr, err)
			w.WriteHeader(http.StatusInternalServerError)
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(r.Context(), beginKey{}, time.Now())
		if limit := u.limit(r); limit > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, limit)
			defer cancel()
		}
		reverse.ServeHTTP(w, r.WithContext(ctx))
	})
}

// beginKey is the context key of the time at which a request came.
type beginKey struct{}

func seconds(since time.Time) string {
	return strconv.FormatFloat(time.Since(since).Seconds(), 'f', 6, 64)
}

// limit is how long a request may take: none for those that stream, and
// otherwise the function's, or less if the request says so.
func (u *Upstream) limit(r *http.Request) time.Duration {
	accept := r.Header.Get("Accept")
	if strings.Contains(accept, "text/event-stream") || strings.Contains(accept, "application/x-ndjson") ||
		strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return 0
	}
	limit := u.config.ExecTimeout
	if asked, err := time.ParseDuration(r.Header.Get("X-Timeout")); err == nil && asked > 0 && (limit == 0 || asked < limit) {
		limit = asked
	}
	return limit
}

package watchdog

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hearth-faas/hearth/runtime/proxy/reap"
)

// upstream passes requests on to the function's own server, which lives as
// long as the container.
type upstream struct {
	config    *Config
	reaper    *reap.Reaper
	out, errs *log.Logger
	process   *process
	proxy     *httputil.ReverseProxy
	reached   atomic.Bool // it has accepted a connection
}

func newUpstream(c *Config, r *reap.Reaper, out, errs *log.Logger) *upstream {
	u := &upstream{config: c, reaper: r, out: out, errs: errs}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.DisableCompression = true
	transport.MaxIdleConnsPerHost = 1024
	u.proxy = &httputil.ReverseProxy{
		Transport:      transport,
		Rewrite:        u.rewrite,
		FlushInterval:  -1,
		ModifyResponse: duration,
		ErrorHandler:   u.fail,
		ErrorLog:       errs,
	}
	return u
}

func (u *upstream) start(failed func(error)) error {
	u.errs.Printf("Forking: %s, arguments: %s", u.config.Process[0], u.config.Process[1:])
	p, err := startProcess(u.config, u.reaper, u.out, u.errs, failed)
	u.process = p
	return err
}

func (u *upstream) signal(sig os.Signal) {
	if u.process != nil {
		u.process.signal(sig)
	}
}

func (u *upstream) close(done <-chan struct{}) {
	if u.process != nil {
		u.process.close(done)
	}
}

// beginKey is the context key of the time at which a request came.
type beginKey struct{}

// ServeHTTP passes a request on.
func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begin := time.Now()
	answer := &recorder{ResponseWriter: w}
	defer u.log(answer, r, begin)
	ctx := context.WithValue(r.Context(), beginKey{}, begin)
	if limit := u.limit(r); limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	out := r.WithContext(ctx)
	if u.config.BufferBody && r.Body != nil && r.Body != http.NoBody {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			u.fail(answer, out, err)
			return
		}
		out.Body, out.ContentLength, out.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	}
	// The server may answer before it has read all of the body.
	_ = http.NewResponseController(w).EnableFullDuplex()
	u.proxy.ServeHTTP(answer, out)
}

// rewrite keeps path, query, headers and host as they are.
func (u *upstream) rewrite(r *httputil.ProxyRequest) {
	to := u.config.Upstream
	r.Out.URL.Scheme, r.Out.URL.Host = to.Scheme, to.Host
	prefix := strings.TrimSuffix(to.Path, "/")
	r.Out.URL.Path, r.Out.URL.RawPath = prefix+r.In.URL.Path, prefix+r.In.URL.EscapedPath()
	r.Out.URL.RawQuery = r.In.URL.RawQuery
	r.Out.Host = r.In.Host
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values, ok := r.In.Header[name]; ok {
			r.Out.Header[name] = values
		}
	}
}

// duration tells how long the function took to answer.
func duration(r *http.Response) error {
	if begin, ok := r.Request.Context().Value(beginKey{}).(time.Time); ok && r.StatusCode != http.StatusSwitchingProtocols {
		r.Header.Set("X-Duration-Seconds", seconds(begin))
	}
	return nil
}

// fail answers when the function does not.
func (u *upstream) fail(w http.ResponseWriter, r *http.Request, err error) {
	u.errs.Printf("Upstream HTTP request error: %s", err)
	w.Header().Set("X-OpenFaaS-Internal", "of-watchdog")
	if begin, ok := r.Context().Value(beginKey{}).(time.Time); ok {
		w.Header().Set("X-Duration-Seconds", seconds(begin))
	}
	status := http.StatusInternalServerError
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		status = http.StatusGatewayTimeout
	}
	w.WriteHeader(status)
}

// limit is how long a request may take: none for those that stream, and
// otherwise the function's, or less if the request says so.
func (u *upstream) limit(r *http.Request) time.Duration {
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

// log writes the line of a request.
func (u *upstream) log(w *recorder, r *http.Request, begin time.Time) {
	if quiet(r) {
		return
	}
	id := ""
	if u.config.LogCallID {
		id = " [" + cmp.Or(r.Header.Get("X-Call-Id"), "none") + "]"
	}
	status := strconv.Itoa(w.code()) + " " + http.StatusText(w.code())
	u.errs.Printf("%s %s - %s - ContentLength: %s (%.4fs)%s", r.Method, r.RequestURI, status, size(w.bytes), time.Since(begin).Seconds(), id)
}

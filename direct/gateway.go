package direct

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hearth-faas/hearth/core"
)

// Prefix begins the paths of direct calls.
const Prefix = "/function/"

// defaultNamespace is what clients call the default namespace; a constant in
// faas-cli and the SDKs.
const defaultNamespace = "openfaas-fn"

// Gateway serves direct calls of functions to clients: any method on
// /function/NAME[.NAMESPACE][/REST], without credentials. It is the OpenFaaS
// gateway's route of that name; docs/functions.md says where it differs.
type Gateway struct {
	router    *Router
	log       *slog.Logger
	namespace string
	seen      *metrics
	counts    *counter
}

// NewGateway returns a Gateway. namespace is the one that clients know as
// openfaas-fn. Its metrics are registered with r.
func NewGateway(router *Router, log *slog.Logger, namespace string, r prometheus.Registerer) (*Gateway, error) {
	seen, err := newMetrics(r)
	if err != nil {
		return nil, fmt.Errorf("register metrics of functions: %w", err)
	}
	return &Gateway{router: router, log: log, namespace: namespace, seen: seen, counts: newCounter(router.plane, log)}, nil
}

// Run writes the numbers of invocations behind the calls until ctx ends.
func (g *Gateway) Run(ctx context.Context) error { return g.counts.run(ctx) }

// ServeHTTP serves one call.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, shown, rest := g.address(r.URL.EscapedPath())
	began := time.Now()
	mark(r, began)
	target, err := url.ParseRequestURI(rest)
	if err != nil {
		g.render(w, r, shown, core.Errorf(core.KindInvalid, "the path cannot be read"))
		return
	}
	target.RawQuery = r.URL.RawQuery
	if !known(r.Method) {
		g.render(w, r, shown, errMethod)
		return
	}
	if name.Name == "" {
		g.render(w, r, shown, core.Errorf(core.KindNotFound, "no name"))
		return
	}
	// Who asks for names that do not exist makes no labels of metrics.
	if f, err := g.router.plane.Fleet().Find(r.Context(), name); err != nil || f.Action.Function == nil {
		g.render(w, r, shown, cmp.Or(err, error(core.Errorf(core.KindNotFound, "no function of that name"))))
		return
	}
	out := &response{ResponseWriter: w}
	in := *r
	in.URL = target
	end := g.seen.begin(shown)
	defer func() {
		end(cmp.Or(out.status, statusClientGone), time.Since(began))
		g.counts.add(name)
	}()
	if err := g.router.Serve(out, &in, name); err != nil {
		g.render(out, r, shown, err)
	}
}

// address reads a path below Prefix: the function, how people write it, and
// the path that it gets, escaped as it came.
func (g *Gateway) address(path string) (name core.Name, shown, rest string) {
	path = strings.TrimPrefix(path, Prefix)
	first, rest, _ := strings.Cut(path, "/")
	rest = "/" + rest
	if text, err := url.PathUnescape(first); err == nil {
		first = text
	}
	local, namespace := first, defaultNamespace
	if i := strings.LastIndexByte(first, '.'); i >= 0 {
		local, namespace = first[:i], first[i+1:]
	}
	shown = local + "." + namespace
	switch namespace {
	case defaultNamespace, "":
		namespace = g.namespace
	case g.namespace:
		local = "" // a function has one name
	}
	return core.Name{Namespace: namespace, Name: local}, shown, rest
}

// known says whether functions are called with the method.
func known(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return true
	}
	return false
}

// mark gives the request its id and the time of its arrival.
func mark(r *http.Request, now time.Time) {
	if r.Header.Get(headerCallID) == "" {
		r.Header.Set(headerCallID, newCallID())
	}
	r.Header.Add(headerStartTime, strconv.FormatInt(now.UnixNano(), 10))
	if _, ok := r.Header["User-Agent"]; !ok {
		r.Header.Set("User-Agent", "hearth-gateway")
	}
}

const (
	headerCallID    = "X-Call-Id"
	headerStartTime = "X-Start-Time"
	headerInternal  = "X-Openfaas-Internal"
)

// newCallID returns a random UUID of version 4.
func newCallID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// errMethod is a method that functions are not called with.
var errMethod = errors.New("method not allowed") //nolint:gochecknoglobals // an error is a constant in all but form

// response remembers what was answered.
type response struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the first final status.
func (w *response) WriteHeader(status int) {
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController flush, hijack and set deadlines.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

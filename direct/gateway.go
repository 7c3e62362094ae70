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
	router  *Router
	tally   *Tally
	log     *slog.Logger
	opt     GatewayOptions
	records *recorder
	actions http.Handler
}

// GatewayOptions of a Gateway. Zero values mean the defaults.
type GatewayOptions struct {
	// Namespace is the one that clients know as openfaas-fn. Required.
	Namespace string
	// AsyncLimit is the largest body of a queued call, in bytes; default 1 MiB.
	AsyncLimit int64
	// Admits says whether a request may cancel queued calls; nil admits none.
	Admits func(*http.Request) bool
	// Records is the part of direct calls that is recorded as activations, from
	// 0, none, to 1.
	Records float64
}

// NewGateway returns a Gateway whose calls are counted by tally.
func NewGateway(router *Router, tally *Tally, log *slog.Logger, opt GatewayOptions) *Gateway {
	if opt.AsyncLimit == 0 {
		opt.AsyncLimit = 1 << 20
	}
	return &Gateway{router: router, tally: tally, log: log, opt: opt, records: newRecorder(router.plane, log, tally.seen.dropped, opt.Records)}
}

// SetActions gives the gateway what serves web actions, at OpenWhisk's path:
// those that anybody may call are called as functions too. Without it they are
// not there. It is called before the first request.
func (g *Gateway) SetActions(h http.Handler) { g.actions = h }

// Run writes the records of calls behind them until ctx ends.
func (g *Gateway) Run(ctx context.Context) error { return g.records.run(ctx) }

// ServeHTTP serves one call.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	made := mark(r, began)
	if path, ok := strings.CutPrefix(r.URL.EscapedPath(), AsyncPrefix); ok {
		g.async(w, r, path, made)
		return
	}
	name, shown, rest := g.address(strings.TrimPrefix(r.URL.EscapedPath(), Prefix))
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
	f, err := g.router.plane.Fleet().Find(r.Context(), name)
	if err == nil && f.Action.Function == nil && !g.callable(f.Action) {
		err = errNone
	}
	if err != nil {
		g.render(w, r, shown, err)
		return
	}
	out := &response{ResponseWriter: w}
	in := *r
	in.URL = target
	end := g.tally.begin(name)
	defer func() {
		end(cmp.Or(out.status, statusClientGone), time.Since(began))
		if f.Action.Function != nil {
			g.records.add(f.Action, call{in.Header.Get(headerCallID), made, cmp.Or(out.status, statusClientGone), out.size, began, time.Now()})
		}
	}()
	if f.Action.Function == nil {
		g.serveAction(out, &in, name)
		return
	}
	if err := g.router.Serve(out, &in, name); err != nil {
		g.render(out, r, shown, err)
	}
}

// errNone says that there is no such function.
var errNone = core.Errorf(core.KindNotFound, "no function of that name") //nolint:gochecknoglobals // an error is a constant in all but form

// address reads what follows a prefix: the function, how people write it, and
// the path that it gets, escaped as it came.
func (g *Gateway) address(path string) (name core.Name, shown, rest string) {
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
		namespace = g.opt.Namespace
	case g.opt.Namespace:
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

// mark gives the request its id, if the client has not, and the time of its
// arrival. It reports whether the id is new.
func mark(r *http.Request, now time.Time) (made bool) {
	if r.Header.Get(headerCallID) == "" {
		r.Header.Set(headerCallID, newCallID())
		made = true
	}
	r.Header.Add(headerStartTime, strconv.FormatInt(now.UnixNano(), 10))
	if _, ok := r.Header["User-Agent"]; !ok {
		r.Header.Set("User-Agent", "hearth-gateway")
	}
	return made
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
	size   int64 // bytes of the body
}

// Write counts the bytes.
func (w *response) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.size += int64(n)
	return n, err
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

package direct

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// AsyncPrefix begins the paths of queued calls.
const AsyncPrefix = "/async-function/"

// headerCallback names where the answer of a queued call is to be sent.
const headerCallback = "X-Callback-Url"

// asyncTime is how long a client may take to send the body of a queued call.
const asyncTime = time.Minute

// async serves a request below AsyncPrefix: a call to be queued, or the end of
// one. made says that the request's id is the gateway's own.
func (g *Gateway) async(w http.ResponseWriter, r *http.Request, path string, made bool) {
	switch r.Method {
	case http.MethodPost:
		name, shown, rest := g.address(path)
		if err := g.enqueue(w, r, name, shown, rest, made); err != nil {
			g.render(w, r, shown, err)
		}
	case http.MethodDelete:
		g.withdraw(w, r, path)
	default:
		g.render(w, r, "", errMethod)
	}
}

// enqueue queues the request and answers once Redis has it.
func (g *Gateway) enqueue(w http.ResponseWriter, r *http.Request, name core.Name, shown, rest string, made bool) error {
	plane, ctx := g.router.plane, r.Context()
	if _, err := url.ParseRequestURI(rest); err != nil {
		return core.Errorf(core.KindInvalid, "the path cannot be read")
	}
	if name.Name == "" {
		return errNone
	}
	f, err := plane.Fleet().Find(ctx, name)
	if err != nil {
		return err
	}
	if f.Action.Function == nil {
		return errNone
	}
	id := r.Header.Get(headerCallID)
	call := control.Call{Target: control.Target{Action: f.Action}, ID: activationOf(id, made), Arrived: time.Now()}
	if to := r.Header.Get(headerCallback); to != "" {
		if _, err := core.ParseCallbackURL(to); err != nil {
			return err
		}
		call.Callback = &core.Callback{URL: to, Form: core.FormResponse, CallID: id, Function: first(r, AsyncPrefix)}
	}
	if call.Subject, err = plane.Owner(ctx, name.Namespace); err != nil {
		return err
	}
	if err := plane.Admit(ctx, call.Subject, control.RateInvoke); err != nil {
		return err
	}
	if call.Request, err = g.request(w, r, rest); err != nil {
		return err
	}
	if !made {
		if err := plane.NoteCall(ctx, core.Ref{Namespace: name.Namespace, ID: call.ID}, id); err != nil {
			return err
		}
	}
	activation, err := plane.Invoke(ctx, call)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set(headerCallID, id)
	h.Set(headerStartTime, last(r.Header.Values(headerStartTime)))
	h.Set("Location", "/api/v1/namespaces/"+url.PathEscape(name.Namespace)+"/activations/"+string(activation))
	w.WriteHeader(http.StatusAccepted)
	return nil
}

// first is the name of the function as the caller wrote it.
func first(r *http.Request, prefix string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, prefix), "/")
	return name
}

// request reads all of the request, as it is to be sent later.
func (g *Gateway) request(w http.ResponseWriter, r *http.Request, rest string) (*core.Request, error) {
	tooLarge := core.Errorf(core.KindTooLarge, "the body is larger than %d bytes", g.opt.AsyncLimit)
	if r.ContentLength > g.opt.AsyncLimit {
		return nil, tooLarge
	}
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Now().Add(asyncTime)) // only a test's writer cannot
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, g.opt.AsyncLimit))
	_ = c.SetReadDeadline(time.Time{})
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, tooLarge
	}
	if err != nil {
		return nil, core.Errorf(core.KindInvalid, "the body cannot be read")
	}
	if r.URL.RawQuery != "" {
		rest += "?" + r.URL.RawQuery
	}
	header := r.Header.Clone()
	for _, connection := range []string{
		"Connection", "Expect", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade",
	} {
		header.Del(connection)
	}
	if r.TLS != nil && header.Get("X-Forwarded-Proto") == "" {
		header.Set("X-Forwarded-Proto", "https")
	}
	return &core.Request{URI: rest, Host: r.Host, Client: r.RemoteAddr, Header: header, Body: body}, nil
}

// activationOf is the id of the activation that a call becomes: the call's own
// where the gateway has made it. Clients may give the same one to many calls.
func activationOf(call string, made bool) core.ActivationID {
	if made {
		return core.ActivationID(strings.ReplaceAll(call, "-", ""))
	}
	return core.NewActivationID()
}

// withdraw ends the queued or running call of an id, or all that have it.
func (g *Gateway) withdraw(w http.ResponseWriter, r *http.Request, path string) {
	if g.opt.Admits == nil || !g.opt.Admits(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="Restricted"`)
		g.render(w, r, "", core.Errorf(core.KindUnauthenticated, "invalid credentials"))
		return
	}
	id, err := url.PathUnescape(path)
	if err == nil {
		err = g.router.plane.CancelCall(r.Context(), id)
	}
	if kind := core.KindOf(err); err != nil && (kind == core.KindNotFound || kind == core.KindConflict) {
		http.Error(w, "no call of that id is queued or running", http.StatusNotFound)
		return
	}
	if err != nil {
		g.render(w, r, "", err)
		return
	}
	w.Header().Set(headerCallID, id)
	w.WriteHeader(http.StatusAccepted)
}

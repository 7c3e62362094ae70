package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/triggers"
)

// target is the webhook that a request addresses.
type target struct {
	trigger core.Name
	path    string // the secret in the path
	form    form
	rules   rules
	who     core.Subject
}

// hook answers whatever comes to the address of a webhook.
func (h *Handler) hook(w http.ResponseWriter, r *http.Request) error {
	switch r.Method {
	case http.MethodPost, http.MethodGet, http.MethodHead, http.MethodOptions:
	default:
		return errMethod
	}
	t, err := h.find(r.Context(), r.URL.EscapedPath())
	if err != nil {
		return err
	}
	if r.Method != http.MethodPost {
		return h.challenge(w, r, t)
	}
	receipt := store.Receipt{
		ID: string(core.NewActivationID()), At: time.Now().UTC(), Remote: remote(r), Type: r.Header.Get("Content-Type"),
		Size: int(max(0, r.ContentLength)),
	}
	err = h.deliver(w, r, t, &receipt)
	if status, text := statusOf(err); err != nil && status < http.StatusInternalServerError && status != http.StatusNotFound {
		receipt.Verdict, receipt.Reason = verdictRefused, text
		h.record(r.Context(), t.trigger, receipt)
	}
	return err
}

// record keeps the receipt of a delivery that made no event, also of one whose
// sender has gone. That it cannot be kept is no reason to answer otherwise.
func (h *Handler) record(ctx context.Context, trigger core.Name, receipt store.Receipt) {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := h.db.PutReceipt(late, trigger, receipt); err != nil {
		h.log.Warn("delivery not recorded", "namespace", trigger.Namespace, "trigger", trigger.Name, "err", err)
	}
}

// The verdicts of receipts.
const (
	verdictAccepted    = "accepted"
	verdictDuplicate   = "duplicate"
	verdictRedelivered = "redelivered"
	verdictRefused     = "refused"
)

// find reads the webhook that a path names.
func (h *Handler) find(ctx context.Context, path string) (t target, err error) {
	parts := strings.Split(strings.TrimPrefix(path, Path), "/")
	if len(parts) < 2 || len(parts) > 3 {
		return t, errNoHook
	}
	for i := range parts {
		if parts[i], err = url.PathUnescape(parts[i]); err != nil || parts[i] == "" {
			return t, errNoHook
		}
	}
	t.trigger = core.Name{Namespace: parts[0], Name: parts[1]}
	if len(parts) == 3 {
		t.path = parts[2]
	}
	if t.trigger.Valid() != nil {
		return t, errNoHook
	}
	hook, err := h.db.Hook(ctx, t.trigger)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return t, errNoHook
	case err != nil:
		return t, err
	}
	if err := json.Unmarshal(hook.Doc, &t.form); err != nil {
		return t, err
	}
	if t.rules, err = t.form.Settings.parse(t.trigger.Namespace); err != nil {
		return t, err
	}
	if t.path != "" && !t.rules.scheme.path {
		return t, errNoHook
	}
	t.who, err = h.plane.Owner(ctx, t.trigger.Namespace)
	if core.KindOf(err) == core.KindNotFound && err != nil {
		return t, errNoHook
	}
	return t, err
}

// deliver makes an event of the request: it is believed, then read, then
// counted, then written.
func (h *Handler) deliver(w http.ResponseWriter, r *http.Request, t target, receipt *store.Receipt) error {
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return errMediaType
	}
	body, err := h.read(w, r)
	if err != nil {
		return err
	}
	receipt.Size = len(body)
	m := &message{header: r.Header, body: body, query: r.URL.RawQuery, path: t.path, urls: h.addresses(r, t)}
	c, err := h.believe(t, m)
	if err != nil {
		return err
	}
	receipt.Delivery = c.id
	if answered := slackChallenge(w, t, m); answered {
		return nil
	}
	list, id, err := t.rules.contents(m)
	if err != nil {
		return err
	}
	if c.id == "" && id != "" { // of a CloudEvent
		c.id = id
		receipt.Delivery = id
		c.marks = append(c.marks, "id "+id)
	}
	if err := h.plane.Admit(r.Context(), t.who, control.RateFire); err != nil {
		return err
	}
	return h.accept(w, r, t, c, list, receipt)
}

// believe checks what the message offers as a proof.
func (h *Handler) believe(t target, m *message) (claim, error) {
	live := t.form.live(time.Now())
	if t.rules.Scheme == "none" && len(live) == 0 && t.path != "" {
		return claim{}, errNoHook
	}
	c, err := t.rules.verify(m, live, time.Now())
	if err != nil && t.rules.Scheme == "none" { // the address as a whole is the secret
		return c, errNoHook
	}
	return c, err
}

// read reads the body, no more and no longer than it may be.
func (h *Handler) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > h.opt.BodyLimit {
		return nil, errTooLarge
	}
	// Where there is no connection to set it on, as in a test, there is none to
	// be slow either.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(h.opt.BodyTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.opt.BodyLimit))
	var large *http.MaxBytesError
	var network net.Error
	switch {
	case err == nil:
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
		return body, nil
	case errors.As(err, &large):
		return nil, errTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return nil, errSlow
	}
	return nil, core.Errorf(core.KindInvalid, "The body cannot be read.")
}

// accept writes the events, and answers.
func (h *Handler) accept(w http.ResponseWriter, r *http.Request, t target, c claim, list []content, receipt *store.Receipt) error {
	in := store.Intake{Window: t.rules.dedup, Marks: c.marks}
	if t.rules.dedup == 0 {
		in.Marks = nil
	}
	for i := range in.Marks { // an earlier webhook of the name is another
		in.Marks[i] = t.form.Born + " " + in.Marks[i]
	}
	first := core.NewActivationID()
	if c.id != "" && t.rules.dedup > 0 {
		first = triggers.EventID("webhook", t.trigger.Full(), t.form.Born, c.id)
	}
	for i, one := range list {
		e := store.Event{Trigger: t.trigger, ID: first, Headers: one.headers, Payload: one.payload, Source: "webhook", Admitted: true}
		if i > 0 {
			e.ID = triggers.EventID(string(first), one.id)
		}
		in.Events = append(in.Events, e)
	}
	if len(list[0].payload)+len(list[0].headers) <= keepLimit && len(list) == 1 {
		receipt.Headers, receipt.Payload = list[0].headers, list[0].payload
	}
	if t.rules.reply {
		return h.reply(w, r, t, in, receipt)
	}
	id, duplicate, err := h.takeIn(r.Context(), t, in, receipt)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusAccepted, accepted{ActivationID: id, Duplicate: duplicate})
	return nil
}

// keepLimit is how much of a delivery is kept to be delivered again, in bytes.
const keepLimit = 32 << 10

// accepted is the answer to a delivery.
type accepted struct {
	ActivationID core.ActivationID `json:"activationId"`
	Duplicate    bool              `json:"duplicate,omitempty"`
	Note         string            `json:"note,omitempty"`
}

// takeIn writes the events, unless the delivery came before.
func (h *Handler) takeIn(ctx context.Context, t target, in store.Intake, receipt *store.Receipt) (core.ActivationID, bool, error) {
	receipt.Verdict = verdictAccepted
	in.Receipt = *receipt
	before, err := h.db.TakeIn(ctx, in)
	if err != nil || before == "" {
		return in.Events[0].ID, false, err
	}
	receipt.Verdict, receipt.Activation, receipt.Headers, receipt.Payload = verdictDuplicate, before, nil, nil
	h.record(ctx, t.trigger, *receipt)
	return before, true, nil
}

func remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// addresses are those that the sender may have called: proxies hide the
// scheme, and senders differ in whether they name the usual port.
func (h *Handler) addresses(r *http.Request, t target) []string {
	rest := r.URL.RequestURI()
	query := ""
	if r.URL.RawQuery != "" {
		query = "?" + r.URL.RawQuery
	}
	switch {
	case t.rules.URL != "":
		return []string{t.rules.URL + query}
	case h.opt.PublicURL != "":
		return []string{h.opt.PublicURL + rest}
	}
	list := []string{"https://" + r.Host + rest, "http://" + r.Host + rest}
	host, port, err := net.SplitHostPort(r.Host)
	switch {
	case err != nil:
		list = append(list, "https://"+r.Host+":443"+rest, "http://"+r.Host+":80"+rest)
	case port == "443":
		list = append(list, "https://"+host+rest)
	case port == "80":
		list = append(list, "http://"+host+rest)
	}
	return list
}

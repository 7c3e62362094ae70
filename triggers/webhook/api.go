package webhook

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// caller is who asks the API, and of which trigger.
type caller struct {
	who     core.Subject
	trigger core.Name
}

// private handles a request of somebody who owns the namespace.
type private func(w http.ResponseWriter, r *http.Request, c caller) error

// private lets those in who have a key of the namespace.
func (h *Handler) private(do private) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		var key core.Credentials
		var ok bool
		if key.UUID, key.Secret, ok = r.BasicAuth(); !ok {
			return core.Errorf(core.KindUnauthenticated, "no credentials")
		}
		who, err := h.plane.Authenticate(r.Context(), key)
		if err != nil {
			return err
		}
		ns := r.PathValue("namespace")
		if ns == core.Self {
			ns = who.Namespace.Name
		}
		if ns != who.Namespace.Name {
			return core.Errorf(core.KindForbidden, "The supplied authentication is not authorized to access this resource.")
		}
		return do(w, r, caller{who: who, trigger: core.Name{Namespace: ns, Name: r.PathValue("trigger")}})
	}
}

// hookJSON is a webhook as its owner sees it.
type hookJSON struct {
	Trigger  string       `json:"trigger"`
	URL      string       `json:"url"` // without the secret, where that is part of it
	Settings Settings     `json:"settings"`
	Secrets  []secretJSON `json:"secrets"`
}

type secretJSON struct {
	Added time.Time `json:"added"`
	Until time.Time `json:"until,omitzero"`
}

func (h *Handler) list(w http.ResponseWriter, r *http.Request, c caller) error {
	out := []hookJSON{}
	for skip := 0; ; skip += core.MaxList {
		page, err := h.plane.Triggers(r.Context(), c.who, c.trigger.Namespace, control.Page{Skip: skip, Limit: core.MaxList})
		if err != nil {
			return err
		}
		for _, t := range page {
			if _, ok := t.Annotations.Get(Annotation); !ok {
				continue
			}
			one, err := h.view(r, t.Name)
			if errors.Is(err, errNoHook) {
				continue
			}
			if err != nil {
				return err
			}
			out = append(out, one)
		}
		if len(page) < core.MaxList {
			writeJSON(w, http.StatusOK, out)
			return nil
		}
	}
}

func (h *Handler) show(w http.ResponseWriter, r *http.Request, c caller) error {
	one, err := h.view(r, c.trigger)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, one)
	return nil
}

func (h *Handler) view(r *http.Request, trigger core.Name) (hookJSON, error) {
	t, err := h.find(r.Context(), Path+url.PathEscape(trigger.Namespace)+"/"+url.PathEscape(trigger.Name))
	if err != nil {
		return hookJSON{}, err
	}
	base := h.opt.PublicURL
	if base == "" {
		base = "http://" + r.Host
		if r.TLS != nil {
			base = "https://" + r.Host
		}
	}
	out := hookJSON{Trigger: trigger.Name, Settings: t.form.Settings, Secrets: []secretJSON{}}
	out.URL = base + Path + url.PathEscape(trigger.Namespace) + "/" + url.PathEscape(trigger.Name)
	for _, s := range t.form.Secrets {
		if s.Until.IsZero() || time.Now().Before(s.Until) {
			out.Secrets = append(out.Secrets, secretJSON{s.Added, s.Until})
		}
	}
	return out, nil
}

// rotation is the body of a rotation, and of its answer.
type rotation struct {
	Secret string `json:"secret"`
	Keep   string `json:"keep,omitempty"` // of the old ones; "" means 24h
}

// rotate adds a secret, one of its own where none is named, which it shows
// this once.
func (h *Handler) rotate(w http.ResponseWriter, r *http.Request, c caller) error {
	var in rotation
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	keep := 24 * time.Hour
	if in.Keep != "" {
		var err error
		if keep, err = time.ParseDuration(in.Keep); err != nil || keep < 0 || keep > 30*24*time.Hour {
			return core.Errorf(core.KindInvalid, "keep '%s' is not a duration up to 720h", in.Keep)
		}
	}
	t, err := h.view(r, c.trigger)
	if err != nil {
		return err
	}
	if in.Secret == "" {
		in.Secret = NewSecret(t.Settings.Scheme)
	}
	trial := t.Settings
	trial.Secret = in.Secret
	if _, err := trial.parse(c.trigger.Namespace); err != nil {
		return err
	}
	if err := h.source.rotate(r.Context(), c.trigger, in.Secret, keep); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, rotation{Secret: in.Secret, Keep: keep.String()})
	return nil
}

// NewSecret makes a secret that the scheme can use.
func NewSecret(scheme string) string {
	if scheme != "standard" {
		return rand.Text()
	}
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails: crypto/rand documents that it panics instead
	return "whsec_" + base64.StdEncoding.EncodeToString(key[:])
}

func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil {
		return errTooLarge
	}
	if len(strings.TrimSpace(string(body))) == 0 {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return core.Errorf(core.KindInvalid, "The request content was malformed.")
	}
	return nil
}

// deliveryJSON is a delivery with what it brought.
type deliveryJSON struct {
	store.Receipt
	Headers json.RawMessage `json:"headers,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

func (h *Handler) deliveries(w http.ResponseWriter, r *http.Request, c caller) error {
	if _, err := h.view(r, c.trigger); err != nil {
		return err
	}
	list, err := h.db.Receipts(r.Context(), c.trigger)
	if err != nil {
		return err
	}
	if list == nil {
		list = []store.Receipt{}
	}
	writeJSON(w, http.StatusOK, list)
	return nil
}

func (h *Handler) delivery(w http.ResponseWriter, r *http.Request, c caller) error {
	one, err := h.receipt(r, c)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, deliveryJSON{one, one.Headers, one.Payload})
	return nil
}

func (h *Handler) receipt(r *http.Request, c caller) (store.Receipt, error) {
	list, err := h.db.Receipts(r.Context(), c.trigger)
	if err != nil {
		return store.Receipt{}, err
	}
	for _, one := range list {
		if one.ID == r.PathValue("id") {
			return one, nil
		}
	}
	return store.Receipt{}, core.Errorf(core.KindNotFound, "There is no such delivery.")
}

// redeliver fires the trigger once more with what a delivery brought.
func (h *Handler) redeliver(w http.ResponseWriter, r *http.Request, c caller) error {
	old, err := h.receipt(r, c)
	if err != nil {
		return err
	}
	if old.Payload == nil {
		return core.Errorf(core.KindConflict, "What this delivery brought was not kept.")
	}
	if err := h.plane.Admit(r.Context(), c.who, control.RateFire); err != nil {
		return err
	}
	id := core.NewActivationID()
	again := old
	again.ID, again.At, again.Verdict, again.Reason = string(core.NewActivationID()), time.Now().UTC(), verdictRedelivered, ""
	_, err = h.db.TakeIn(r.Context(), store.Intake{
		Events: []store.Event{{
			Trigger: c.trigger, ID: id, Headers: old.Headers, Payload: old.Payload,
			Source: "webhook", Admitted: true,
		}},
		Receipt: again,
	})
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusAccepted, accepted{ActivationID: id})
	return nil
}

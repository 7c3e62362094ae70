package webhook

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// reply writes the event and answers with the result of one action. When that
// takes too long, the sender gets 202, as if no reply had been asked for.
func (h *Handler) reply(w http.ResponseWriter, r *http.Request, t target, in store.Intake, receipt *store.Receipt) error {
	id := in.Events[0].ID
	waits, err := h.plane.AwaitRule(r.Context(), t.who, t.trigger, t.rules.action, id)
	if core.KindOf(err) == core.KindUnavailable {
		return err
	}
	if err == nil {
		in.Events[0].Server = h.plane.Server()
		defer func() { waits.Close() }()
	}
	got, duplicate, taken := h.takeIn(r.Context(), t, in, receipt)
	switch {
	case taken != nil:
		return taken
	case err != nil: // the event counts all the same
		writeJSON(w, http.StatusAccepted, accepted{ActivationID: got, Duplicate: duplicate, Note: err.Error()})
		return nil
	}
	if got != id { // it came before: that one's result
		waits.Close()
		if waits, err = h.plane.AwaitRule(r.Context(), t.who, t.trigger, t.rules.action, got); err != nil {
			return err
		}
	}
	a, err := waits.Wait(r.Context(), t.rules.replyTimeout)
	if err != nil {
		return err
	}
	if a.State != core.StateDone {
		writeJSON(w, http.StatusAccepted, accepted{ActivationID: got, Duplicate: duplicate})
		return nil
	}
	answer(w, a)
	return nil
}

// answer makes a response of a result: as of a web action, its statusCode,
// headers and body where it has them, or else itself. An action that failed
// is 502, so that the sender learns of it.
func answer(w http.ResponseWriter, a *core.Activation) {
	var result struct {
		Status  int                        `json:"statusCode"`
		Headers map[string]json.RawMessage `json:"headers"`
		Body    json.RawMessage            `json:"body"`
	}
	_ = json.Unmarshal(a.Outcome.Result, &result) // what does not fit is no response
	status := http.StatusOK
	if a.Outcome.Status != core.StatusSuccess {
		status = http.StatusBadGateway
	}
	if result.Status < 200 || result.Status > 599 {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(a.Outcome.Result) // to a sender that has gone
		return
	}
	body := []byte(result.Body)
	var text string
	if json.Unmarshal(body, &text) == nil {
		body = []byte(text)
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	} else {
		w.Header().Set("Content-Type", "application/json")
	}
	for name, value := range result.Headers {
		if json.Unmarshal(value, &text) == nil && !strings.EqualFold(name, "Content-Length") {
			w.Header().Set(name, text)
		}
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(result.Status)
	_, _ = w.Write(body) // to a sender that has gone
}

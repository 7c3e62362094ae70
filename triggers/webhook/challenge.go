package webhook

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"time"
)

// challenge answers the questions that senders ask before they deliver: a GET
// with hub.challenge (WebSub, Meta), and the OPTIONS of CloudEvents. That of X,
// which wants any text signed, is not answered: it would sign deliveries too.
func (h *Handler) challenge(w http.ResponseWriter, r *http.Request, t target) error {
	query := r.URL.Query()
	switch {
	case r.Method == http.MethodOptions:
		return allowOrigin(w, r, t)
	case query.Get("hub.challenge") != "":
		if t.form.Verify == "" || subtle.ConstantTimeCompare(digest(query.Get("hub.verify_token")), digest(t.form.Verify)) == 0 {
			return badProof
		}
		plainText(w, query.Get("hub.challenge"))
		return nil
	}
	return errMethod
}

// allowOrigin says to a sender of CloudEvents that it may deliver.
func allowOrigin(w http.ResponseWriter, r *http.Request, t target) error {
	origin := r.Header.Get("WebHook-Request-Origin")
	if origin == "" {
		return errMethod
	}
	if t.rules.scheme.path && t.rules.Scheme == "none" {
		if _, err := t.rules.verify(&message{header: r.Header, path: t.path}, t.form.live(time.Now()), time.Now()); err != nil {
			return errNoHook
		}
	}
	w.Header().Set("WebHook-Allowed-Origin", origin)
	w.Header().Set("WebHook-Allowed-Rate", "*")
	w.Header().Set("Allow", "POST")
	w.WriteHeader(http.StatusOK)
	return nil
}

// slackChallenge answers the question that Slack asks in a delivery, signed
// like any other.
func slackChallenge(w http.ResponseWriter, t target, m *message) bool {
	if t.rules.Scheme != "slack" {
		return false
	}
	var body struct{ Type, Challenge string }
	if json.Unmarshal(m.body, &body) != nil || body.Type != "url_verification" {
		return false
	}
	plainText(w, body.Challenge)
	return true
}

func plainText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write([]byte(text)) // to a sender that has gone
}

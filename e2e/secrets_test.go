package e2e_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// The secret of a key proves who calls, so it appears nowhere: not in what the
// platform prints, not in what it answers, and not in what it stores.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	db := redis(t)
	h := up(t, db, "--log-level", "debug")
	var seen transcript
	h.Record = &seen
	ctx := patient(t)
	put(t, &h.Client, "echo", "echo.js", platform.Action{Annotations: map[string]any{"web-export": true}})
	ok(t, h.Put(ctx, "triggers/bell", map[string]any{}))
	ok(t, h.Put(ctx, "rules/bell-echo", map[string]any{"trigger": "/_/bell", "action": "/_/echo"}))
	call(t, &h.Client, "echo", nil)
	fired, err := h.Do(ctx, http.MethodPost, "triggers/bell", map[string]any{"n": 1})
	ok(t, err)
	if fired.Status != http.StatusAccepted {
		t.Fatalf("fired with status %d: %s", fired.Status, fired.Body)
	}
	authorized := func(method, path string) {
		req, err := http.NewRequestWithContext(ctx, method, h.URL+path, strings.NewReader("{"))
		ok(t, err)
		user, secret, _ := strings.Cut(h.Auth, ":")
		req.SetBasicAuth(user, secret)
		_, err = h.Send(req)
		ok(t, err)
	}
	authorized("GET", "/api/v1/web/guest/default/echo.json")
	authorized("POST", "/api/v1/namespaces/_/actions/echo") // malformed: an error is logged
	authorized("GET", "/api/v1/namespaces/_/limits")
	settled(ctx, t, &h.Client)
	for _, path := range []string{"activations?docs=true&limit=200", "actions", "actions/echo", "triggers/bell", "rules"} {
		_, err := h.Do(ctx, http.MethodGet, path, nil)
		ok(t, err)
	}
	stored, err := db.Dump(ctx)
	ok(t, err)
	_, secret, _ := strings.Cut(h.Auth, ":")
	for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(h.Auth))} {
		for where, text := range map[string]string{"output": h.Output(), "answers": seen.String(), "Redis": stored} {
			if i := strings.Index(text, form); i >= 0 {
				t.Errorf("the secret is in the %s, after %q", where, text[max(0, i-200):i])
			}
		}
	}
}

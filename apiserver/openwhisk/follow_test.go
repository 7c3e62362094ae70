package openwhisk_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/core"
)

// follow asks for the events of an activation over a real connection.
func (p *platform) follow(t *testing.T, id, last string) (int, string, string) {
	t.Helper()
	server := httptest.NewServer(p.handler)
	t.Cleanup(server.Close)
	req := p.request(http.MethodGet, server.URL+"/api/v1/namespaces/_/activations/"+id+"/logs", "")
	req.RequestURI = ""
	req.Header.Set("Accept", "text/event-stream")
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	res, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Content-Type"), string(body)
}

func TestLogsAsEvents(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.until(t, http.StatusOK, http.MethodPut, "/api/v1/namespaces/_/actions/hello", `{"exec":{"kind":"nodejs:24","code":"x"}}`)
	var made struct{ ActivationID string }
	accepted := p.until(t, http.StatusAccepted, http.MethodPost, "/api/v1/namespaces/_/actions/hello", `{}`)
	if err := json.Unmarshal(accepted.Body.Bytes(), &made); err != nil {
		t.Fatal(err)
	}
	const line, end = "id: 1-0\ndata: 2026-01-01T00:00:00.000000000Z stdout: ran hello\n\n", "event: end\ndata: success\n\n"
	for name, tt := range map[string]struct{ last, want string }{
		"from the beginning":         {"", line + end},
		"after the last line":        {"1-0", end},
		"after what nobody has sent": {"x", line + end},
	} {
		status, media, body := p.follow(t, made.ActivationID, tt.last)
		if got := strings.ReplaceAll(body, ":\n\n", ""); status != http.StatusOK || media != "text/event-stream" || got != tt.want {
			t.Errorf("%s: got %d %s %q, want %q", name, status, media, got, tt.want)
		}
	}
	if status, media, body := p.follow(t, string(core.NewActivationID()), ""); status != http.StatusNotFound || media != "application/json" {
		t.Errorf("no such activation: got %d %s %s", status, media, body)
	}
}

package client_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
)

// streams answers each request with the next of the bodies as events, or with
// the status alone when one says so, and keeps the Last-Event-ID of each.
func streams(t *testing.T, status int, bodies ...string) (*client.Client, *[]string) {
	t.Helper()
	var last []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last = append(last, r.Header.Get("Last-Event-ID"))
		if r.Header.Get("Accept") != "text/event-stream" || r.URL.Path != "/api/v1/namespaces/_/activations/a/logs" {
			t.Errorf("got %s, accepting %q", r.URL.Path, r.Header.Get("Accept"))
		}
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(bodies[min(len(last), len(bodies))-1]))
	}))
	t.Cleanup(s.Close)
	c, err := client.New(client.Options{Host: s.URL, Auth: "id:secret"})
	if err != nil {
		t.Fatal(err)
	}
	return c, &last
}

func TestFollowGoesOnWhereItWasCutOff(t *testing.T) {
	t.Parallel()
	c, last := streams(t, http.StatusOK,
		":\n\nid: 1-0\ndata: a\n\nid: 1-1\ndata: b\ndata: c\n\nid: 1-2\ndata: half",
		"id: 1-2\ndata: d: e\n\nevent: end\ndata: success\n\n")
	var lines []string
	status, err := c.Follow(t.Context(), "a", func(line string) error {
		lines = append(lines, line)
		return nil
	})
	if err != nil || status != "success" {
		t.Errorf("got %q, %v", status, err)
	}
	if diff := cmp.Diff([]string{"a", "b\nc", "d: e"}, lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"", "1-1"}, *last); diff != "" {
		t.Errorf("asked for what comes after (-want +got):\n%s", diff)
	}
}

func TestFollowGivesUp(t *testing.T) {
	t.Parallel()
	c, last := streams(t, http.StatusNotFound, `{"error":"The requested resource does not exist."}`)
	_, err := c.Follow(t.Context(), "a", func(string) error { return nil })
	var no *client.Error
	if !errors.As(err, &no) || no.Status != http.StatusNotFound || len(*last) != 1 {
		t.Errorf("no such activation: got %v after %d requests", err, len(*last))
	}
	broken := errors.New("pipe is closed")
	c, last = streams(t, http.StatusOK, "id: 1-0\ndata: a\n\n")
	if _, err := c.Follow(t.Context(), "a", func(string) error { return broken }); !errors.Is(err, broken) || len(*last) != 1 {
		t.Errorf("nowhere to show: got %v after %d requests", err, len(*last))
	}
}

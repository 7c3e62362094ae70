package client_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
)

func TestRequestsAboutWhatWasAccepted(t *testing.T) {
	t.Parallel()
	q := client.DeadLetterQuery{Page: client.Page{Limit: 5}, Name: "p/a", Reason: "worker lost"}
	const query = "?limit=5&name=p%2Fa&reason=worker+lost&skip=0"
	for _, test := range []struct {
		name   string
		call   func(context.Context, *client.Client) error
		method string
		uri    string
		answer string
	}{
		{"cancel", func(ctx context.Context, c *client.Client) error { return c.Cancel(ctx, "x") },
			"DELETE", "/api/v1/namespaces/_/activations/x", "{}"},
		{"list dead letters", func(ctx context.Context, c *client.Client) error {
			_, err := c.DeadLetters(ctx, q)
			return err
		}, "GET", "/api/v1/namespaces/_/deadletters" + query, "[]"},
		{"redrive one", func(ctx context.Context, c *client.Client) error {
			_, err := c.Redrive(ctx, "x")
			return err
		}, "POST", "/api/v1/namespaces/_/deadletters/x", "{}"},
		{"redrive all", func(ctx context.Context, c *client.Client) error {
			_, err := c.RedriveAll(ctx, q)
			return err
		}, "POST", "/api/v1/namespaces/_/deadletters" + query, "[]"},
		{"purge all", func(ctx context.Context, c *client.Client) error {
			_, err := c.PurgeAll(ctx, q)
			return err
		}, "DELETE", "/api/v1/namespaces/_/deadletters" + query, `{"purged":3}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, c := setup(t, http.StatusOK, test.answer)
			if err := test.call(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{s.method, s.uri}, []string{test.method, test.uri}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHeadersGoAlong(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header.Get("X-Hearth-Delay")
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte(`{"activationId":"a"}`))
	}))
	t.Cleanup(s.Close)
	c, err := client.New(client.Options{Host: s.URL, Auth: "id:secret"})
	if err != nil {
		t.Fatal(err)
	}
	with := c.With(http.Header{"X-Hearth-Delay": {"3s"}})
	if _, err := with.Invoke(t.Context(), client.Name{Namespace: "_", Name: "f"}, nil, false, false); err != nil {
		t.Fatal(err)
	}
	if delay := <-got; delay != "3s" {
		t.Errorf("got %q", delay)
	}
}

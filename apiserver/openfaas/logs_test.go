package openfaas_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// patience bounds every wait of these tests.
const patience = time.Minute

// printing is a gateway with a function that has printed these lines, the
// first of them long ago.
func printing(t *testing.T) (*gateway, string) {
	t.Helper()
	g := setup(t)
	who, err := g.plane.Owner(t.Context(), "guest")
	must(t, err)
	d := control.Deployment{Image: "image", Limits: core.DefaultLimits()}
	_, err = g.plane.CreateFunction(t.Context(), who, core.Name{Namespace: "guest", Name: "f"}, d)
	must(t, err)
	now := time.Now()
	g.print(t, now.Add(-time.Hour), "a", "old")
	g.print(t, now.Add(-2*time.Second), "a", "one")
	g.print(t, now.Add(-time.Second), "b", "two <&>")
	srv := httptest.NewServer(g.handler)
	t.Cleanup(srv.Close)
	return g, srv.URL
}

func (g *gateway) print(t *testing.T, at time.Time, instance, text string) {
	t.Helper()
	must(t, g.plane.AppendFunctionLog(t.Context(), []store.FunctionLine{
		{Function: core.Name{Namespace: "guest", Name: "f"}, Instance: instance, At: at, Text: text},
	}))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type line struct{ Name, Namespace, Instance, Timestamp, Text string }

// open asks for the log of f.
func open(ctx context.Context, t *testing.T, url, query string) *bufio.Scanner {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/system/logs?name=f"+query, nil)
	must(t, err)
	req.SetBasicAuth(user, password)
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	t.Cleanup(func() { res.Body.Close() })
	if got := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || got != "application/x-ndjson" {
		t.Fatalf("got %d %s", res.StatusCode, got)
	}
	return bufio.NewScanner(res.Body)
}

func TestLogs(t *testing.T) {
	t.Parallel()
	_, url := printing(t)
	for _, c := range []struct {
		name, query string
		want        []string
	}{
		{"of the last minutes", "", []string{"a one", "b two <&>"}},
		{"with the namespace, and a number that is none", "&namespace=openfaas-fn&tail=-1", []string{"a one", "b two <&>"}},
		{"the last of all time", "&tail=3", []string{"a old", "a one", "b two <&>"}},
		{"the last", "&tail=1&tail=2", []string{"a one", "b two <&>"}},
		{"of one container", "&instance=a", []string{"a one"}},
		{"the last of one container", "&instance=b&tail=9", []string{"b two <&>"}},
		{"since a time", "&since=2000-01-01T00:00:00Z", []string{"a old", "a one", "b two <&>"}},
		{"since the future", "&since=2100-01-01T00:00:00Z", nil},
		{"follow that is no truth is false", "&follow=perhaps", []string{"a one", "b two <&>"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			var got []string
			s := open(ctx, t, url, c.query)
			for s.Scan() {
				var l line
				must(t, json.Unmarshal(s.Bytes(), &l))
				if _, err := time.Parse(time.RFC3339Nano, l.Timestamp); err != nil || l.Name != "f" || l.Namespace != "openfaas-fn" {
					t.Errorf("got %s", s.Text())
				}
				got = append(got, l.Instance+" "+l.Text)
			}
			must(t, s.Err())
			if d := cmp.Diff(got, c.want); d != "" {
				t.Errorf("got, want:\n%s", d)
			}
		})
	}
}

func TestFollowedLogsGoOnUntilTheClientLeaves(t *testing.T) {
	t.Parallel()
	g, url := printing(t)
	for name, query := range map[string]string{"from the last lines": "&follow=1&tail=1", "from the last minutes": "&follow=true"} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		s := open(ctx, t, url, query)
		until := func(text string) {
			for s.Scan() {
				var l line
				must(t, json.Unmarshal(s.Bytes(), &l))
				if l.Text == text {
					return
				}
			}
			t.Fatalf("%s: it ended before %q: %v", name, text, s.Err())
		}
		until("two <&>")
		for i := range 3 {
			text := fmt.Sprint(name, i)
			g.print(t, time.Now(), "c", text)
			until(text)
		}
		cancel()
	}
}

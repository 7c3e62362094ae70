package console_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/apiserver/console"
	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

// patience bounds every wait.
const patience = time.Minute

// browser is a person's browser before a console on a Redis of its own.
type browser struct {
	t      *testing.T
	plane  *control.Plane
	who    core.Subject
	key    core.Credentials
	server *httptest.Server
	client *http.Client
}

func open(t *testing.T) browser {
	t.Helper()
	rdb := storetest.Redis(t)
	db := store.New(rdb)
	key, err := db.CreateNamespace(t.Context(), "guest")
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	plane := control.New(db, queue.NewClient(rdb), log, control.Options{Server: "api"})
	work := queue.NewServer(rdb, log, queue.Options{Queues: []string{queue.Overflow, queue.Background}, Concurrency: 2})
	runAll(t, plane.Run, func(ctx context.Context) error { return work.Run(ctx, echoing(plane)) })

	pages, err := console.New(plane, log)
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	pages.Mount(e)
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	who, err := plane.Authenticate(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return browser{t, plane, who, key, server, &http.Client{Jar: jar, Timeout: patience}}
}

// runAll runs the loops until the test ends.
func runAll(t *testing.T, loops ...func(context.Context) error) {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, len(loops))
	for _, loop := range loops {
		go func() { done <- loop(ctx) }()
	}
	t.Cleanup(func() {
		stop()
		for range loops {
			if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("a loop ended: %v", err)
			}
		}
	})
}

// echoing is a worker whose every action returns its input and prints it.
func echoing(plane *control.Plane) queue.Handler {
	return func(ctx context.Context, ref core.Ref) error {
		a, err := plane.Start(ctx, ref, "w1")
		if err != nil {
			return nil //nolint:nilerr // settled by somebody else
		}
		now := time.Now()
		out := core.Outcome{Result: a.Input, Size: len(a.Input), Start: now, End: now.Add(time.Millisecond), Duration: time.Millisecond}
		if err := plane.Finish(ctx, a, out); err != nil {
			return err
		}
		return plane.AddLogs(ctx, a, []string{"2026-01-01T00:00:00.000000000Z stdout: <printed>"})
	}
}

func (b browser) get(path string) (int, string) {
	b.t.Helper()
	resp, err := b.client.Get(b.server.URL + path)
	return b.read(resp, err)
}

func (b browser) post(path string, form url.Values) (int, string) {
	b.t.Helper()
	resp, err := b.client.PostForm(b.server.URL+path, form)
	return b.read(resp, err)
}

func (b browser) read(resp *http.Response, err error) (int, string) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, readErr := io.ReadAll(resp.Body)
	if readErr != nil {
		b.t.Fatal(readErr)
	}
	return resp.StatusCode, string(body)
}

func (b browser) signIn() {
	b.t.Helper()
	if code, page := b.post("/console/signin", url.Values{"key": {b.key.String()}}); code != http.StatusOK || !strings.Contains(page, "Nothing has run yet") {
		b.t.Fatalf("sign in: got %d\n%s", code, page)
	}
}

func (b browser) createAction(name string) {
	b.t.Helper()
	_, err := b.plane.PutAction(b.t.Context(), b.who, core.Name{Namespace: "guest", Name: name},
		control.ActionPatch{Exec: &core.Exec{Kind: "nodejs:24", Code: []byte("function main() { return {} } // <script>")}}, false)
	if err != nil {
		b.t.Fatal(err)
	}
}

// eventually asks for the page until it holds the text: records appear after
// their logs.
func (b browser) eventually(path, text string) string {
	b.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		_, page := b.get(path)
		if strings.Contains(page, text) {
			return page
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%s does not show %q:\n%s", path, text, page)
		}
	}
}

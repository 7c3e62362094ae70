package callback_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/callback"
	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

// patience bounds every wait.
const patience = time.Minute

// world is a platform whose worker is the test.
type world struct {
	t     testing.TB
	rdb   redis.UniversalClient
	db    *store.DB
	plane *control.Plane
	who   core.Subject
}

func newWorld(t testing.TB) world { return worldOn(t, storetest.Redis(t)) }

func worldOn(t testing.TB, rdb redis.UniversalClient) world {
	t.Helper()
	db := store.New(rdb)
	w := world{t: t, rdb: rdb, db: db}
	w.plane = control.New(db, queue.NewClient(rdb), slog.New(slog.DiscardHandler), control.Options{
		Server: "s", Rates: core.Rates{InvocationsPerMinute: 1e6, FiresPerMinute: 1e6, ConcurrentInvocations: 1e6},
	})
	_, err := db.CreateNamespace(t.Context(), "guest")
	w.must(err)
	w.who, err = w.plane.Owner(t.Context(), "guest")
	w.must(err)
	return w
}

func (w world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func name(local string) core.Name { return core.ParseLocal("guest", local) }

// put makes an action with annotations of texts: key, value, ...
func (w world) put(local string, annotations ...string) {
	w.t.Helper()
	var list core.Params
	for i := 0; i+1 < len(annotations); i += 2 {
		list = append(list, core.Param{Key: annotations[i], Value: core.JSON(`"` + annotations[i+1] + `"`)})
	}
	exec := core.Exec{Kind: "nodejs:24", Code: []byte("x")}
	_, err := w.plane.PutAction(w.t.Context(), w.who, name(local), control.ActionPatch{Exec: &exec, Annotations: list}, true)
	w.must(err)
}

// invoke accepts an activation of the action that exists.
func (w world) invoke(local, payload string, c *core.Callback) core.Ref {
	w.t.Helper()
	target, err := w.plane.Resolve(w.t.Context(), w.who, name(local))
	w.must(err)
	id, err := w.plane.Invoke(w.t.Context(), control.Call{
		Subject: w.who, Target: target, Payload: core.JSON(payload), Callback: c,
	})
	w.must(err)
	return core.Ref{Namespace: "guest", ID: id}
}

func succeeded(result string) core.Outcome {
	return core.Outcome{
		Status: core.StatusSuccess, Result: core.JSON(result), Size: len(result), Start: time.Now(), End: time.Now(),
		Duration: 1500 * time.Millisecond, Logs: []string{},
	}
}

func failed(result string) core.Outcome {
	out := succeeded(result)
	out.Status = core.StatusApplicationError
	return out
}

// finish runs an activation as a worker does.
func (w world) finish(ref core.Ref, out core.Outcome) {
	w.t.Helper()
	a, err := w.plane.Start(w.t.Context(), ref, "worker")
	w.must(err)
	w.must(w.plane.Finish(w.t.Context(), a, out))
}

// call invokes an action with a callback to the URL, and ends it.
func (w world) call(url string, form core.Form, out core.Outcome) core.Ref {
	w.t.Helper()
	w.put("act")
	ref := w.invoke("act", `{"a":1}`, &core.Callback{URL: url, Form: form})
	w.finish(ref, out)
	return ref
}

// local allows the addresses of test servers.
func local() *callback.Policy {
	return callback.NewPolicy([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")})
}

// quick makes retries come soon.
func quick() callback.Options {
	return callback.Options{
		Policy: local(), Attempts: 3, Timeout: 10 * time.Second, Look: 50 * time.Millisecond,
		Backoff: callback.Backoff{First: 20 * time.Millisecond, Most: 50 * time.Millisecond},
	}
}

// send runs a sender until the test ends or stop is called.
func (w world) send(opt callback.Options) (s *callback.Sender, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	s = callback.New(w.plane, w.db, slog.New(slog.DiscardHandler), opt)
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("run: %v", err)
		}
	})
	w.t.Cleanup(stop)
	return s, stop
}

// delivery waits until the delivery is in the state.
func (w world) delivery(id string, want core.DeliveryState) *core.Delivery {
	w.t.Helper()
	var d *core.Delivery
	w.eventually("the delivery "+id+" does not become "+string(want), func() bool {
		var err error
		d, err = w.db.Delivery(w.t.Context(), "guest", id)
		return err == nil && d.State == want
	})
	return d
}

func (w world) eventually(otherwise string, is func() bool) {
	w.t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatal(otherwise)
		}
	}
}

// got is a request as a receiver saw it.
type got struct {
	header http.Header
	body   string
}

// receiver is a server that remembers what it got, and answers each request
// by the function.
type receiver struct {
	*httptest.Server
	mu   sync.Mutex
	list []got
}

func receive(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *receiver {
	t.Helper()
	rec := &receiver{}
	rec.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // the sender went away
		rec.mu.Lock()
		rec.list = append(rec.list, got{r.Header.Clone(), string(body)})
		n := len(rec.list)
		rec.mu.Unlock()
		if answer != nil {
			answer(n, w, r)
		}
	}))
	t.Cleanup(rec.Close)
	return rec
}

func (r *receiver) requests() []got {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]got(nil), r.list...)
}

// failing answers the first n requests with 500.
func failing(n int) func(int, http.ResponseWriter, *http.Request) {
	return func(i int, w http.ResponseWriter, _ *http.Request) {
		if i <= n {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

package webhook_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
	"github.com/hearth-faas/hearth/triggers"
	"github.com/hearth-faas/hearth/triggers/webhook"
)

// patience bounds every wait.
const patience = time.Minute

const secret = "it is a secret"

// world is a platform with a trigger "push" whose rule invokes "act".
type world struct {
	t     *testing.T
	rdb   redis.UniversalClient
	db    *store.DB
	plane *control.Plane
	who   core.Subject
	key   core.Credentials
	url   string
}

func newWorld(t *testing.T, rdb redis.UniversalClient, rates core.Rates) *world {
	t.Helper()
	w := &world{t: t, rdb: rdb, db: store.New(rdb)}
	w.plane = w.server("s", rates)
	var err error
	w.key, err = w.db.CreateNamespace(t.Context(), "guest")
	w.must(err)
	w.who, err = w.plane.Owner(t.Context(), "guest")
	w.must(err)
	exec := core.Exec{Kind: "nodejs:24", Code: []byte("x")}
	_, err = w.plane.PutAction(t.Context(), w.who, name("act"), control.ActionPatch{Exec: &exec}, true)
	w.must(err)
	_, err = w.plane.PutTrigger(t.Context(), w.who, name("push"), control.TriggerPatch{}, true)
	w.must(err)
	from, to := name("push"), name("act")
	_, err = w.plane.PutRule(t.Context(), w.who, name("rule"), control.RulePatch{Trigger: &from, Action: &to}, false)
	w.must(err)
	w.url = w.listen(w.plane, webhook.Options{})
	return w
}

func setup(t *testing.T) *world { return newWorld(t, storetest.Redis(t), many()) }

func many() core.Rates {
	return core.Rates{InvocationsPerMinute: 1e6, FiresPerMinute: 1e6, ConcurrentInvocations: 1e6}
}

func (w *world) server(name string, rates core.Rates) *control.Plane {
	return control.New(w.db, queue.NewClient(w.rdb), slog.New(slog.DiscardHandler), control.Options{
		Server: name, Rates: rates, Sources: []control.TriggerSource{webhook.NewSource(w.db)},
	})
}

// listen serves webhooks by HTTP.
func (w *world) listen(plane *control.Plane, opt webhook.Options) string {
	s := httptest.NewServer(webhook.New(plane, w.db, slog.New(slog.DiscardHandler), opt))
	w.t.Cleanup(s.Close)
	return s.URL
}

func name(local string) core.Name { return core.ParseLocal("guest", local) }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// hook gives the trigger a webhook.
func (w *world) hook(annotation string) { w.t.Helper(); w.must(w.put("push", annotation)) }

func (w *world) put(local, annotation string) error {
	list := core.Params{{Key: webhook.Annotation, Value: core.JSON(annotation)}}
	_, err := w.plane.PutTrigger(w.t.Context(), w.who, name(local), control.TriggerPatch{Annotations: &list}, true)
	return err
}

// answer is what a sender gets.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) id() core.ActivationID {
	var body struct{ ActivationID core.ActivationID }
	_ = json.Unmarshal([]byte(a.body), &body)
	return body.ActivationID
}

func (w *world) do(method, url, body string, header map[string]string) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, url, strings.NewReader(body))
	w.must(err)
	for k, v := range header {
		req.Header.Set(k, v)
	}
	if strings.Contains(url, "/api/") {
		req.SetBasicAuth(w.key.UUID, w.key.Secret)
	}
	res, err := http.DefaultClient.Do(req)
	w.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	w.must(err)
	return answer{res.StatusCode, res.Header, string(b)}
}

func (w *world) post(path, body string, header map[string]string) answer {
	w.t.Helper()
	return w.do(http.MethodPost, w.url+"/hooks/"+path, body, header)
}

// github are the headers of a delivery as GitHub makes it.
func github(body, id, with string) map[string]string {
	mac := hmac.New(sha256.New, []byte(with))
	mac.Write([]byte(body))
	return map[string]string{
		"X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac.Sum(nil)), "X-GitHub-Delivery": id, "Content-Type": "application/json",
	}
}

// dispatch runs a dispatcher until the test ends.
func (w *world) dispatch() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	opt := triggers.Options{Name: "d", Retry: time.Second}
	go func() { done <- triggers.New(w.plane, w.db, slog.New(slog.DiscardHandler), opt).Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("run: %v", err)
		}
	})
}

func (w *world) eventually(otherwise string, is func() bool) {
	w.t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatal(otherwise)
		}
	}
}

// fired waits until so many events have fired, and checks that no more did.
func (w *world) fired(want int) {
	w.t.Helper()
	w.dispatch()
	w.eventually("events still wait", func() bool {
		n, err := w.db.WaitingEvents(w.t.Context())
		return err == nil && n == 0
	})
	c, err := w.plane.Counts(w.t.Context(), "guest")
	w.must(err)
	if c.Queued != want || c.Done != want || c.Drift() != 0 {
		w.t.Errorf("got %+v, want %d of the action queued and %d of the trigger done", c, want, want)
	}
}

func (w *world) waiting() int {
	w.t.Helper()
	n, err := w.db.WaitingEvents(w.t.Context())
	w.must(err)
	return int(n)
}

func TestADeliveryFiresItsTrigger(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.hook(`{"scheme":"github","secret":"` + secret + `"}`)
	got := w.post("guest/push", `{"ref":"main"}`, github(`{"ref":"main"}`, "1", secret))
	if got.status != http.StatusAccepted || got.id() == "" {
		t.Fatalf("got %+v", got)
	}
	w.fired(1)
	a, err := w.plane.Activation(t.Context(), w.who, got.id())
	w.must(err)
	if string(a.Outcome.Result) != `{"ref":"main"}` {
		t.Errorf("it fired with %s", a.Outcome.Result)
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.hook(`{"scheme":"github","secret":"` + secret + `","payload":"json"}`)
	w.must(w.put("open", `"none"`))
	_, err := w.plane.PutTrigger(t.Context(), w.who, name("bare"), control.TriggerPatch{}, true)
	w.must(err)
	good := github("{}", "1", secret)
	large := strings.Repeat("x", core.MaxPayload+1)
	for what, test := range map[string]struct {
		method, path, body string
		header             map[string]string
		want               int
	}{
		"a trigger that is not there":       {"POST", "guest/nothing", "{}", good, 404},
		"a trigger without a webhook":       {"POST", "guest/bare", "{}", good, 404},
		"a namespace that is not there":     {"POST", "nobody/push", "{}", good, 404},
		"no name at all":                    {"POST", "", "{}", good, 404},
		"a name that is none":               {"POST", "guest/%00", "{}", good, 404},
		"a secret where none belongs":       {"POST", "guest/push/" + secret, "{}", good, 404},
		"a secret that an open one has not": {"POST", "guest/open/x", "{}", nil, 404},
		"another method":                    {"PUT", "guest/push", "{}", good, 405},
		"a question that is none":           {"GET", "guest/push", "", nil, 405},
		"no signature":                      {"POST", "guest/push", "{}", nil, 401},
		"the signature of another body":     {"POST", "guest/push", "{} ", good, 401},
		"the signature of another secret":   {"POST", "guest/push", "{}", github("{}", "1", "another secret"), 401},
		"a body that is no JSON":            {"POST", "guest/push", "{", github("{", "1", secret), 400},
		"a body of another type": {"POST", "guest/push", "{}", func() map[string]string {
			h := github("{}", "1", secret)
			h["Content-Type"] = "text/xml"
			return h
		}(), 415},
		"a body that is packed": {"POST", "guest/push", "{}", map[string]string{"Content-Encoding": "gzip"}, 415},
		"a body too large":      {"POST", "guest/push", large, github(large, "1", secret), 413},
	} {
		got := w.do(test.method, w.url+"/hooks/"+test.path, test.body, test.header)
		if got.status != test.want {
			t.Errorf("%s: got %d %s, want %d", what, got.status, got.body, test.want)
		}
		if test.want == 404 && test.path != "" && !strings.Contains(got.body, "There is no such webhook.") {
			t.Errorf("%s: the answer %s tells more than that", what, got.body)
		}
	}
	w.fired(0)
	list, err := w.db.Receipts(t.Context(), name("push"))
	w.must(err)
	if len(list) != 7 {
		t.Errorf("%d refusals are recorded, want 7: %+v", len(list), list)
	}
}

func TestABodyWhoseLengthIsNotAnnouncedIsCutOff(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.hook(`{"scheme":"github","secret":"` + secret + `"}`)
	// A reader that is nothing else has no length.
	body := struct{ io.Reader }{bytes.NewReader(make([]byte, core.MaxPayload+1))}
	res, err := http.Post(w.url+"/hooks/guest/push", "application/json", body)
	w.must(err)
	defer res.Body.Close()
	if res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d", res.StatusCode)
	}
}

func TestABodyThatDoesNotComeIsCutOff(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.hook(`{"scheme":"github","secret":"` + secret + `"}`)
	url := w.listen(w.plane, webhook.Options{BodyTimeout: 50 * time.Millisecond})
	read, write := io.Pipe()
	defer write.Close()
	res, err := http.Post(url+"/hooks/guest/push", "application/json", read)
	w.must(err)
	defer res.Body.Close()
	if res.StatusCode != http.StatusRequestTimeout {
		t.Errorf("got %d", res.StatusCode)
	}
}

func TestADeliveryThatComesAgainFiresOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.hook(`{"scheme":"github","secret":"` + secret + `"}`)
	body := `{"ref":"main"}`
	first := w.post("guest/push", body, github(body, "1", secret))
	for what, header := range map[string]map[string]string{
		"the same":             github(body, "1", secret),
		"under another id":     github(body, "2", secret),
		"without its id":       github(body, "", secret),
		"its id, another body": github(`{"ref":"other"}`, "1", secret),
	} {
		text := body
		if what == "its id, another body" {
			text = `{"ref":"other"}`
		}
		got := w.post("guest/push", text, header)
		if got.status != http.StatusAccepted || got.id() != first.id() || !strings.Contains(got.body, "duplicate") {
			t.Errorf("%s: got %+v, want the answer %+v", what, got, first)
		}
	}
	if n := w.waiting(); n != 1 {
		t.Errorf("%d events wait", n)
	}
	// Another webhook of the same name knows nothing of that.
	_, err := w.plane.DeleteTrigger(t.Context(), w.who, name("push"))
	w.must(err)
	if got := w.post("guest/push", body, github(body, "1", secret)); got.status != http.StatusNotFound {
		t.Errorf("after the trigger was deleted: %+v", got)
	}
	if list, err := w.db.Receipts(t.Context(), name("push")); err != nil || len(list) != 0 {
		t.Errorf("its deliveries are still there: %+v, %v", list, err)
	}
	w.hook(`{"scheme":"github","secret":"` + secret + `"}`)
	if got := w.post("guest/push", body, github(body, "1", secret)); got.status != http.StatusAccepted || got.id() == first.id() {
		t.Errorf("a new webhook takes a delivery for one of the old: %+v", got)
	}
}

func TestManyServersThatGetTheSameDelivery(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.hook(`{"scheme":"github","secret":"` + secret + `"}`)
	const deliveries = 40
	got := make(chan answer)
	for i := range 5 {
		url := w.listen(w.server(fmt.Sprint("s", i), many()), webhook.Options{})
		go func() {
			for n := range deliveries {
				body := fmt.Sprintf(`{"n":%d}`, n)
				got <- w.do(http.MethodPost, url+"/hooks/guest/push", body, github(body, fmt.Sprint(n), secret))
			}
		}()
	}
	ids := map[core.ActivationID]int{}
	for range 5 * deliveries {
		a := <-got
		if a.status != http.StatusAccepted {
			t.Errorf("got %+v", a)
		}
		ids[a.id()]++
	}
	if len(ids) != deliveries {
		t.Errorf("%d deliveries became %d events", deliveries, len(ids))
	}
	w.fired(deliveries)
}

func TestTooManyDeliveriesAreTurnedAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Redis(t), core.Rates{InvocationsPerMinute: 1e6, FiresPerMinute: 3, ConcurrentInvocations: 1e6})
	w.hook(`"none"`)
	codes := map[int]int{}
	for range 10 {
		got := w.post("guest/push", "{}", nil)
		codes[got.status]++
		if got.status == http.StatusTooManyRequests && got.header.Get("Retry-After") == "" {
			t.Error("429 does not say when to come again")
		}
	}
	// The minute may turn in between.
	if codes[http.StatusAccepted] < 3 || codes[http.StatusTooManyRequests] == 0 || codes[http.StatusAccepted]+codes[http.StatusTooManyRequests] != 10 {
		t.Errorf("got %v", codes)
	}
	w.fired(codes[http.StatusAccepted]) // what was accepted is not counted again
}

func TestNothingIsAcceptedWithoutRedis(t *testing.T) {
	t.Parallel()
	server := storetest.Server(t)
	w := newWorld(t, server.Client(), many())
	w.hook(`"none"`)
	server.Kill()
	if got := w.post("guest/push", "{}", nil); got.status != http.StatusServiceUnavailable {
		t.Errorf("got %+v", got)
	}
}

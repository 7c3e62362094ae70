package callback_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// signed says whether one of the signatures is that of the secret.
func signed(g got, secret string) bool {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", g.header.Get("webhook-id"), g.header.Get("webhook-timestamp"), g.body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, one := range strings.Fields(g.header.Get("webhook-signature")) {
		if one == want {
			return true
		}
	}
	return false
}

func TestTheAnswerOfAFunctionIsCalledBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := receive(t, nil)
	w.send(quick())
	result, err := core.EncodeResponse(core.Response{
		Status: 201, Body: []byte("hello\x00"),
		Header: http.Header{"Content-Type": {"text/plain"}, "X-Own": {"a", "b"}, "Content-Length": {"77"}, "Webhook-Id": {"forged"}},
	})
	w.must(err)
	w.put("act")
	ref := w.invoke("act", `{}`, &core.Callback{URL: rec.URL + "/a?b=c", Form: core.FormResponse, CallID: "call", Function: "act.guest"})
	w.finish(ref, succeeded(string(result)))
	d := w.delivery(string(ref.ID)+"-end", core.DeliveryDone)
	g := rec.requests()[0]
	want := map[string]string{
		"X-Call-Id": "call", "X-Function-Name": "act.guest", "X-Function-Status": "201", "X-Duration-Seconds": "1.500000",
		"X-Retry": "0", "X-Retry-Max": "2", "Content-Type": "text/plain", "X-Own": "a,b", "Content-Length": "6",
		"Webhook-Id": d.ID,
	}
	seen := map[string]string{}
	for key := range want {
		seen[key] = strings.Join(g.header[key], ",")
	}
	if diff := cmp.Diff(want, seen); diff != "" || g.body != "hello\x00" {
		t.Errorf("body %q, headers %s", g.body, diff)
	}
	secret, err := w.db.SigningSecret(t.Context(), "guest")
	w.must(err)
	if !signed(g, secret.Secret) {
		t.Errorf("not signed by the namespace's secret: %v", g.header)
	}
	if len(d.History) != 1 || d.History[0].Status != http.StatusOK || d.Tries != 1 || d.Activation.Outcome.Result != nil {
		t.Errorf("got %+v", d)
	}
}

func TestAFunctionWithoutAnAnswerIs503(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := receive(t, nil)
	w.send(quick())
	out := failed(`{"error":"lost"}`)
	out.Status = core.StatusInternalError
	ref := w.call(rec.URL, core.FormResponse, out)
	w.delivery(string(ref.ID)+"-end", core.DeliveryDone)
	g := rec.requests()[0]
	if g.body != "" || g.header.Get("X-Function-Status") != "503" || g.header.Get("X-Call-Id") != string(ref.ID) {
		t.Errorf("got %q, %v", g.body, g.header)
	}
}

// TestReceivers has a receiver for each way to answer, and to fail to.
func TestReceivers(t *testing.T) {
	t.Parallel()
	status := func(code int, header ...string) func(int, http.ResponseWriter, *http.Request) {
		return func(_ int, w http.ResponseWriter, _ *http.Request) {
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
		}
	}
	hijack := func(_ int, w http.ResponseWriter, _ *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			c.Close()
		}
	}
	tests := map[string]struct {
		answer   func(n int, w http.ResponseWriter, r *http.Request)
		requests int
		state    core.DeliveryState
		why      string
	}{
		"ok":           {status(200), 1, core.DeliveryDone, ""},
		"ok, accepted": {status(202), 1, core.DeliveryDone, ""},
		"500, then ok": {func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 1 {
				w.WriteHeader(500)
			}
		}, 2, core.DeliveryDone, ""},
		"429 with Retry-After, then ok": {func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 1 {
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(429)
			}
		}, 2, core.DeliveryDone, ""},
		"nok, 500 for ever":           {status(500), 3, core.DeliveryDead, "3 times"},
		"nok, 404 for ever":           {status(404), 3, core.DeliveryDead, "3 times"},
		"nok, gone":                   {status(410), 1, core.DeliveryDead, "gone"},
		"nok, it redirects":           {status(302, "Location", "http://127.0.0.1:1/"), 1, core.DeliveryDead, "redirects"},
		"nok, it closes connections":  {hijack, 3, core.DeliveryDead, "3 times"},
		"ok, with a body without end": {flood, 1, core.DeliveryDone, ""},
		"ok, with a body that creeps": {creep, 1, core.DeliveryDone, ""},
		"nok, with headers without end": {func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
		}, 3, core.DeliveryDead, "3 times"},
	}
	for what, test := range tests {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			rec := receive(t, test.answer)
			opt := quick()
			if strings.Contains(what, "creeps") {
				opt.Timeout = 2 * time.Second
			}
			w.send(opt)
			ref := w.call(rec.URL, core.FormEnvelope, succeeded(`{}`))
			d := w.delivery(string(ref.ID)+"-end", test.state)
			list := rec.requests()
			if len(list) != test.requests || d.Tries != test.requests || !strings.Contains(d.Why, test.why) {
				t.Errorf("got %d requests, %d tries, why %q, history %+v", len(list), d.Tries, d.Why, d.History)
			}
			for i, g := range list {
				if g.header.Get("webhook-id") != d.ID || g.header.Get("X-Retry") != fmt.Sprint(i) {
					t.Errorf("request %d: %v", i, g.header)
				}
			}
			a, err := w.plane.Activation(t.Context(), w.who, ref.ID)
			w.must(err)
			if a.Outcome.Status != core.StatusSuccess {
				t.Errorf("the activation has changed: %+v", a.Outcome)
			}
		})
	}
}

// flood answers with more than anybody wants to read, as long as it is read.
func flood(_ int, w http.ResponseWriter, _ *http.Request) {
	chunk := make([]byte, 1<<16)
	for range 16 << 10 {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// creep answers with a byte now and then, until the sender goes away.
func creep(_ int, w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		_, _ = w.Write([]byte("."))
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// TestADeadReceiverHoldsUpNobodyElse has many callbacks to a receiver that
// never answers, and one that comes after them.
func TestADeadReceiverHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	release := make(chan struct{})
	slow := receive(t, func(int, http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	rec := receive(t, nil)
	opt := quick()
	opt.Timeout, opt.Host, opt.Abreast = patience, 2, 8
	w.send(opt)
	for range 20 {
		w.call(slow.URL, core.FormEnvelope, succeeded(`{}`))
	}
	ref := w.call(rec.URL, core.FormEnvelope, succeeded(`{}`))
	w.delivery(string(ref.ID)+"-end", core.DeliveryDone)
	if n := len(slow.requests()); n > 2 {
		t.Errorf("%d requests to one receiver at once, want 2", n)
	}
	c, err := w.db.CountDeliveries(t.Context())
	w.must(err)
	if c["guest"].Pending != 20 {
		t.Errorf("got %+v, want 20 pending", c)
	}
}

func TestARotatedSecretSignsBesideTheOldOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := receive(t, nil)
	first, err := w.db.SigningSecret(t.Context(), "guest")
	w.must(err)
	second, err := w.db.RotateSigning(t.Context(), "guest", time.Hour)
	w.must(err)
	if first.Secret == second.Secret || second.Old != first.Secret || second.Until.Before(time.Now()) {
		t.Fatalf("got %v after %v", second.Until, first.Until)
	}
	w.send(quick())
	ref := w.call(rec.URL, core.FormEnvelope, succeeded(`{}`))
	w.delivery(string(ref.ID)+"-end", core.DeliveryDone)
	for _, secret := range []string{first.Secret, second.Secret} {
		if !signed(rec.requests()[0], secret) {
			t.Error("a secret does not sign")
		}
	}
}

// TestTooOldIsGivenUp has a callback that waited longer than it may.
func TestTooOldIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := receive(t, nil)
	ref := w.call(rec.URL, core.FormEnvelope, succeeded(`{}`))
	opt := quick()
	opt.Age = time.Nanosecond
	w.send(opt)
	d := w.delivery(string(ref.ID)+"-end", core.DeliveryDead)
	if len(rec.requests()) != 0 || !strings.Contains(d.Why, "old") {
		t.Errorf("got %d requests, why %q", len(rec.requests()), d.Why)
	}
}

func TestADeadCallbackIsRedriven(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	addr := l.Addr().String()
	l.Close() // nobody listens
	w.send(quick())
	ref := w.call("http://"+addr+"/?token=secret", core.FormEnvelope, succeeded(`{"r":1}`))
	id := string(ref.ID) + "-end"
	d := w.delivery(id, core.DeliveryDead)
	if d.Tries != 3 || strings.Contains(fmt.Sprint(d.History), "secret") {
		t.Errorf("got %+v", d)
	}
	l, err = net.Listen("tcp", addr)
	if err != nil {
		t.Fatalf("the address was taken: %v", err)
	}
	bodies := make(chan string, 1)
	srv := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var e struct{ Result json.RawMessage }
		_ = json.NewDecoder(r.Body).Decode(&e)
		bodies <- string(e.Result)
	})}}
	srv.Start()
	t.Cleanup(srv.Close)
	w.must(w.db.Redrive(t.Context(), "guest", id))
	d = w.delivery(id, core.DeliveryDone)
	if got := <-bodies; got != `{"r":1}` || d.Tries != 1 || len(d.History) != 4 {
		t.Errorf("got %s, %+v", got, d)
	}
	if err := w.db.Redrive(t.Context(), "guest", id); core.KindOf(err) != core.KindConflict {
		t.Errorf("redrive of a done one: %v", err)
	}
	w.must(w.db.PurgeDelivery(t.Context(), "guest", id))
	if _, err := w.db.Delivery(t.Context(), "guest", id); core.KindOf(err) != core.KindNotFound {
		t.Errorf("purged: %v", err)
	}
}

// TestASenderThatDiesAnywhere leaves a delivery at each step to another.
func TestASenderThatDiesAnywhere(t *testing.T) {
	t.Parallel()
	claim := func(w world) *store.Parcel {
		list, _, _, err := w.db.ClaimParcels(w.t.Context(), "guest", store.Collection{Most: 1, Lane: 1, Lease: 100 * time.Millisecond})
		w.must(err)
		if len(list) != 1 {
			w.t.Fatalf("got %d parcels", len(list))
		}
		return list[0]
	}
	dies := map[string]func(w world, url string){
		"after the bell": func(w world, _ string) {
			_, err := w.db.AwaitOwing(w.t.Context(), time.Second)
			w.must(err)
		},
		"after the claim": func(w world, _ string) { claim(w) },
		"after the call": func(w world, url string) {
			p := claim(w)
			req, err := http.NewRequest(http.MethodPost, url, nil)
			w.must(err)
			req.Header.Set("Webhook-Id", p.ID)
			res, err := http.DefaultClient.Do(req)
			w.must(err)
			res.Body.Close()
		},
		"after it was settled for a retry": func(w world, _ string) {
			p := claim(w)
			w.must(w.db.SettleParcel(w.t.Context(), p, store.Settlement{State: core.DeliveryPending, After: 50 * time.Millisecond}))
		},
	}
	for when, die := range dies {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			rec := receive(t, nil)
			ref := w.call(rec.URL, core.FormEnvelope, succeeded(`{}`))
			die(w, rec.URL)
			w.send(quick())
			d := w.delivery(string(ref.ID)+"-end", core.DeliveryDone)
			for _, g := range rec.requests() {
				if g.header.Get("webhook-id") != d.ID {
					t.Errorf("got %v", g.header)
				}
			}
		})
	}
}

func TestWhoLostItsLeaseWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := receive(t, nil)
	ref := w.call(rec.URL, core.FormEnvelope, succeeded(`{}`))
	claim := store.Collection{Most: 1, Lane: 1, Lease: time.Millisecond}
	var first, second []*store.Parcel
	w.eventually("it is not claimed", func() bool {
		first, _, _, _ = w.db.ClaimParcels(t.Context(), "guest", claim)
		return len(first) == 1
	})
	w.eventually("it is not claimed again", func() bool {
		second, _, _, _ = w.db.ClaimParcels(t.Context(), "guest", claim)
		return len(second) == 1
	})
	err := w.db.SettleParcel(t.Context(), first[0], store.Settlement{State: core.DeliveryDead, Why: "late"})
	if core.KindOf(err) != core.KindConflict {
		t.Errorf("got %v", err)
	}
	w.must(w.db.SettleParcel(t.Context(), second[0], store.Settlement{State: core.DeliveryDone}))
	w.delivery(string(ref.ID)+"-end", core.DeliveryDone)
}

// TestASenderThatStopsLeavesNothingBehind stops it in the middle of a call.
func TestASenderThatStopsGivesBackWhatItHolds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	called := make(chan struct{}, 10)
	release := make(chan struct{})
	rec := receive(t, func(n int, _ http.ResponseWriter, r *http.Request) {
		called <- struct{}{}
		if n == 1 {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
	})
	t.Cleanup(func() { close(release) })
	opt := quick()
	opt.Timeout, opt.Grace = patience, time.Millisecond
	_, stop := w.send(opt)
	ref := w.call(rec.URL, core.FormEnvelope, succeeded(`{}`))
	<-called
	stop()
	w.send(quick())
	d := w.delivery(string(ref.ID)+"-end", core.DeliveryDone)
	if d.Tries != 1 || len(rec.requests()) != 2 {
		t.Errorf("got %d requests, %+v", len(rec.requests()), d)
	}
}

func TestManySendersDeliverEachOnce(t *testing.T) {
	t.Parallel()
	const calls = 100
	w := newWorld(t)
	rec := receive(t, nil)
	for range 3 {
		w.send(quick())
	}
	for range calls {
		w.call(rec.URL, core.FormEnvelope, succeeded(`{}`))
	}
	w.eventually("some are not delivered", func() bool {
		c, err := w.db.CountDeliveries(t.Context())
		return err == nil && c["guest"].Pending == 0
	})
	seen := map[string]int{}
	for _, g := range rec.requests() {
		seen[g.header.Get("webhook-id")]++
	}
	if len(seen) != calls || len(rec.requests()) != calls {
		t.Errorf("got %d requests of %d callbacks, want %d", len(rec.requests()), len(seen), calls)
	}
}

func TestUnknownFormsAreGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := receive(t, nil)
	s, _ := w.send(quick())
	ref := w.call(rec.URL, "strange", succeeded(`{}`))
	d := w.delivery(string(ref.ID)+"-end", core.DeliveryDead)
	if !strings.Contains(d.Why, "strange") || len(rec.requests()) != 0 {
		t.Errorf("got %+v", d)
	}
	if c := s.Counts(); c.Dead != 1 || c.Delivered != 0 {
		t.Errorf("got %+v", c)
	}
}

func TestCallbacksAreRefusedWhileTooManyWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put("act")
	const fill = `for i = 1, 100000 do redis.call("ZADD", KEYS[1], 1, i) end`
	if err := w.rdb.Eval(t.Context(), fill, []string{"hearth:{guest}:deliveries:due"}).Err(); err != nil && !errors.Is(err, redis.Nil) {
		t.Fatal(err)
	}
	target, err := w.plane.Resolve(t.Context(), w.who, name("act"))
	w.must(err)
	call := control.Call{Subject: w.who, Target: target, Callback: &core.Callback{URL: "https://example.org/", Form: core.FormEnvelope}}
	if _, err := w.plane.Invoke(t.Context(), call); core.KindOf(err) != core.KindThrottled {
		t.Errorf("got %v", err)
	}
	call.Callback = nil
	_, err = w.plane.Invoke(t.Context(), call)
	w.must(err)
}

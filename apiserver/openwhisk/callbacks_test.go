package openwhisk_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// callbacks is a platform with an action, whose callbacks nobody sends.
type callbacks struct {
	*platform
	t *testing.T
}

func newCallbacks(t *testing.T) callbacks {
	t.Helper()
	c := callbacks{setup(t), t}
	c.want(http.StatusOK, "guest", http.MethodPut, "actions/greet", `{"exec":{"kind":"nodejs:24","code":"x"}}`, nil)
	return c
}

// want makes a request in the namespace, and reads the answer into v.
func (c callbacks) want(status int, who, method, path, body string, v any, headers ...string) {
	c.t.Helper()
	key := c.keys[who]
	req := httptest.NewRequest(method, "/api/v1/namespaces/guest/"+path, strings.NewReader(body))
	req.SetBasicAuth(key.UUID, key.Secret)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	c.handler.ServeHTTP(rec, req)
	if rec.Code != status {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, path, rec.Code, status, rec.Body)
	}
	if v == nil {
		return
	}
	if err := json.Unmarshal(rec.Body.Bytes(), v); err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
}

// parcel waits for the one callback that is due.
func (c callbacks) parcel() *store.Parcel {
	c.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		list, _, _, err := c.db.ClaimParcels(c.t.Context(), "guest", store.Collection{Most: 1, Lane: 1, Lease: time.Hour})
		if err != nil {
			c.t.Fatal(err)
		}
		if len(list) == 1 {
			return list[0]
		}
	}
	c.t.Fatal("no callback became due")
	return nil
}

// giveUp invokes the action with a callback, and has that given up.
func (c callbacks) giveUp() (id string) {
	c.t.Helper()
	c.want(http.StatusAccepted, "guest", http.MethodPost, "actions/greet", `{}`, nil, "X-Callback-Url", "https://example.org/done")
	p := c.parcel()
	err := c.db.SettleParcel(c.t.Context(), p, store.Settlement{
		State: core.DeliveryDead, Why: "It was attempted 10 times.",
		Attempt: core.Attempt{At: time.Now(), Status: 500, Duration: time.Second},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return p.ID
}

// callback is one as clients see it.
type callbackSeen struct {
	ID, State, URL, Why, On string
	Tries                   int
	Attempts                []struct{ Status, Duration int }
}

func TestCallbacksThatWereGivenUp(t *testing.T) {
	t.Parallel()
	c := newCallbacks(t)
	id := c.giveUp()
	var one callbackSeen
	c.want(http.StatusOK, "guest", http.MethodGet, "callbacks/"+id, "", &one)
	if one.ID != id || one.State != "dead" || one.URL != "https://example.org/done" || one.On != "end" || one.Tries != 1 ||
		len(one.Attempts) != 1 || one.Attempts[0].Status != 500 || one.Attempts[0].Duration != 1000 {
		t.Errorf("got %+v", one)
	}
	list := func(query string, want int) {
		t.Helper()
		var all []callbackSeen
		c.want(http.StatusOK, "guest", http.MethodGet, "callbacks"+query, "", &all)
		if len(all) != want {
			t.Errorf("%q: got %+v, want %d", query, all, want)
		}
	}
	list("", 1)
	list("?state=dead", 1)
	list("?state=pending", 0)
	list("?skip=1", 0)
	c.want(http.StatusOK, "guest", http.MethodPost, "callbacks/"+id, "", &one)
	if one.State != "pending" {
		t.Errorf("redriven: %+v", one)
	}
	list("?state=pending", 1)
	c.want(http.StatusConflict, "guest", http.MethodPost, "callbacks/"+id, "", nil)
	c.want(http.StatusOK, "guest", http.MethodDelete, "callbacks/"+id, "", nil)
	c.want(http.StatusNotFound, "guest", http.MethodGet, "callbacks/"+id, "", nil)
	c.want(http.StatusNotFound, "guest", http.MethodDelete, "callbacks/"+id, "", nil)
	list("", 0)
}

func TestAllCallbacksThatWereGivenUp(t *testing.T) {
	t.Parallel()
	c := newCallbacks(t)
	c.giveUp()
	c.giveUp()
	var n struct{ Callbacks int }
	c.want(http.StatusOK, "guest", http.MethodPost, "callbacks", "", &n)
	if n.Callbacks != 2 {
		t.Errorf("redriven: %d", n.Callbacks)
	}
	c.giveUp() // one of the three that are due
	c.want(http.StatusOK, "guest", http.MethodDelete, "callbacks", "", &n)
	if n.Callbacks != 1 {
		t.Errorf("purged: %d", n.Callbacks)
	}
}

func TestCallbacksThatAreRefused(t *testing.T) {
	t.Parallel()
	c := newCallbacks(t)
	for _, url := range []string{":x", "foo", "ftp://x/", "http://", "http://a b/", "https://user:pass@example.org/"} {
		c.want(http.StatusBadRequest, "guest", http.MethodPost, "actions/greet", `{}`, nil, "X-Callback-Url", url)
	}
	id := c.giveUp()
	for _, path := range []string{"callbacks", "callbacks/" + id, "signing-secret"} {
		c.want(http.StatusForbidden, "other", http.MethodGet, path, "", nil)
		c.want(http.StatusForbidden, "other", http.MethodPost, path, "", nil)
	}
	c.want(http.StatusBadRequest, "guest", http.MethodGet, "callbacks/x", "", nil)
	c.want(http.StatusBadRequest, "guest", http.MethodGet, "callbacks?state=odd", "", nil)
	c.want(http.StatusNotFound, "guest", http.MethodGet, "callbacks/"+strings.Repeat("0", 32)+"-end", "", nil)
}

func TestTheSigningSecretIsShownAndReplaced(t *testing.T) {
	t.Parallel()
	c := newCallbacks(t)
	var first, again, second struct {
		Secret, Old string
		Until       int64
	}
	c.want(http.StatusOK, "guest", http.MethodGet, "signing-secret", "", &first)
	c.want(http.StatusOK, "guest", http.MethodGet, "signing-secret", "", &again)
	c.want(http.StatusOK, "guest", http.MethodPost, "signing-secret", "", &second)
	if !strings.HasPrefix(first.Secret, "whsec_") || again != first || first.Old != "" {
		t.Errorf("got %v and then %v", first, again)
	}
	if second.Secret == first.Secret || second.Old != first.Secret || second.Until < time.Now().UnixMilli() {
		t.Errorf("got %v after %v", second, first)
	}
}

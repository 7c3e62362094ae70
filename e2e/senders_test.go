package e2e_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// senders send to a fleet as the world outside does: each has its pace, and
// sends the same again until it is told that it was accepted.
type senders struct {
	fleet    *fleet
	receiver string // URL for callbacks
	orders   *goredis.Client
	stop     context.CancelFunc
	wg       sync.WaitGroup

	mu         sync.Mutex
	hooks      map[string]string // id of a delivery -> of its event
	calls      map[string]bool   // ids of activations
	entries    map[string]bool   // ids of entries
	duplicates int
	odd        error
}

const (
	hookSecret = "a secret of twenty-four b"
	pace       = 60 * time.Millisecond
)

// send starts the senders. They end at the latest with the test.
func send(ctx context.Context, t *testing.T, f *fleet, receiver string, orders *goredis.Client) *senders {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	s := &senders{
		fleet: f, receiver: receiver, orders: orders, stop: cancel,
		hooks: map[string]string{}, calls: map[string]bool{}, entries: map[string]bool{},
	}
	for _, one := range []func(context.Context, int) error{s.deliver, s.invoke, s.add} {
		s.wg.Go(func() { s.repeat(ctx, one) })
	}
	t.Cleanup(s.end)
	return s
}

// end stops the senders, each once what it has begun is accepted.
func (s *senders) end() {
	s.stop()
	s.wg.Wait()
}

func (s *senders) repeat(ctx context.Context, one func(context.Context, int) error) {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for n := 0; ctx.Err() == nil; n++ {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		err := platform.Poll(late, func() error { return one(late, n) })
		cancel()
		if err != nil {
			s.mu.Lock()
			s.odd = errors.Join(s.odd, err)
			s.mu.Unlock()
			return
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// accepted decodes the answer to what was accepted. A server that has died, or
// answers that it cannot for now, is an error that passes.
func (s *senders) accepted(req *http.Request) (id string, duplicate bool, err error) {
	a, err := s.fleet.any().Send(req)
	if err != nil {
		return "", false, err
	}
	if a.Status != http.StatusAccepted {
		return "", false, fmt.Errorf("%s answered %d: %s", req.URL.Path, a.Status, a.Body)
	}
	var body struct {
		ID        string `json:"activationId"`
		Duplicate bool   `json:"duplicate"`
	}
	err = json.Unmarshal(a.Body, &body)
	return body.ID, body.Duplicate, err
}

// deliver sends a signed delivery, and every third one twice.
func (s *senders) deliver(ctx context.Context, n int) error {
	id := fmt.Sprintf("delivery-%d", n)
	times := 1
	if n%3 == 0 {
		times = 2
	}
	for range times {
		req, err := s.hook(ctx, id, fmt.Sprintf(`{"n":%d}`, n))
		if err != nil {
			return err
		}
		event, duplicate, err := s.accepted(req)
		if err != nil {
			return err
		}
		s.mu.Lock()
		if was, ok := s.hooks[id]; ok && (was != event || !duplicate) {
			s.odd = errors.Join(s.odd, fmt.Errorf("%s is %s, and was %s before", id, event, was))
		}
		s.hooks[id] = event
		if duplicate {
			s.duplicates++
		}
		s.mu.Unlock()
	}
	return nil
}

func (s *senders) hook(ctx context.Context, id, body string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.fleet.any().URL+"/hooks/fleet/push", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	now := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(hookSecret))
	fmt.Fprintf(mac, "%s.%s.%s", id, now, body)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Webhook-Id", id)
	req.Header.Set("Webhook-Timestamp", now)
	req.Header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return req, nil
}

// invoke makes a call that nobody waits for, under a key that makes repeats one.
func (s *senders) invoke(ctx context.Context, n int) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.fleet.any().URL+"/api/v1/namespaces/_/actions/report", http.NoBody)
	if err != nil {
		return err
	}
	user, key, _ := strings.Cut(s.fleet.auth, ":")
	req.SetBasicAuth(user, key)
	req.Header.Set("X-Callback-Url", s.receiver)
	req.Header.Set("Idempotency-Key", fmt.Sprintf("call-%d", n))
	id, _, err := s.accepted(req)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[id] = true
	return nil
}

// add appends an entry to the stream.
func (s *senders) add(ctx context.Context, n int) error {
	id, err := s.orders.XAdd(ctx, &goredis.XAddArgs{Stream: "orders", Values: []any{"n", n}}).Result()
	if err != nil {
		return fmt.Errorf("append entry: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries[id] = true
	return nil
}

// more waits until so much more of everything has been accepted.
func (s *senders) more(ctx context.Context, t *testing.T, n int) {
	t.Helper()
	least := func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return min(len(s.hooks), len(s.calls), len(s.entries))
	}
	want := least() + n
	ok(t, platform.Poll(ctx, func() error { return enough(least(), want) }))
}

package callback

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// settleTime bounds what is written after an attempt.
const settleTime = 10 * time.Second

// handle brings one claimed delivery a step further. What fails here is left
// to its lease.
func (s *Sender) handle(ctx context.Context, p *store.Parcel) {
	log := s.log.With("namespace", p.Namespace, "activation", p.Activation.ID, "callback", p.ID)
	if p.Callback.Owner != "" && p.Callback.Owner != p.Namespace {
		s.handOver(ctx, log, p)
		return
	}
	if age := time.Since(p.Since); age > s.opt.Age {
		s.settle(ctx, log, p, store.Settlement{State: core.DeliveryDead, Why: "It became too old."})
		return
	}
	begun := time.Now()
	timed, cancel := context.WithTimeout(ctx, s.opt.Timeout)
	got, err := s.attempt(timed, p)
	cancel()
	if ctx.Err() != nil && err != nil { // this process ends
		s.settle(ctx, log, p, store.Settlement{State: core.DeliveryPending, After: -1})
		return
	}
	s.stats.attempts.Add(1)
	try := core.Attempt{At: begun, Duration: time.Since(begun), Status: got.status}
	if err != nil {
		try.Error = explain(err)
	}
	if p.Callback.URL != "" {
		s.answered(p, err == nil && got.status < http.StatusInternalServerError)
	}
	s.settle(ctx, log, p, s.judge(p, try, got, err))
}

// handOver gives a delivery to the namespace that it belongs to.
func (s *Sender) handOver(ctx context.Context, log logger, p *store.Parcel) {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	_, err := s.plane.Owner(late, p.Callback.Owner)
	if core.KindOf(err) == core.KindNotFound {
		s.settle(ctx, log, p, store.Settlement{State: core.DeliveryDead, Why: "The namespace that it belongs to is gone."})
		return
	}
	if err == nil {
		err = s.db.HandOver(late, p)
	}
	if err != nil && core.KindOf(err) != core.KindNotFound {
		log.Warn("callback not handed over", "err", err)
	}
}

// judge says what follows from an attempt.
func (s *Sender) judge(p *store.Parcel, try core.Attempt, got answer, err error) store.Settlement {
	to := store.Settlement{State: core.DeliveryDead, Attempt: try, Keep: s.opt.Keep}
	wait := max(s.opt.Backoff.next(p.Tries+1), min(got.after, s.opt.Backoff.orDefault().Most))
	switch {
	case err != nil && !passing(err):
		to.Why = try.Error
	case err == nil && got.status/100 == 2:
		to.State = core.DeliveryDone
	case err == nil && got.status/100 == 3:
		to.Why = fmt.Sprintf("The receiver redirects (status %d), which is not followed.", got.status)
	case err == nil && got.status == http.StatusGone:
		to.Why = "The receiver is gone (status 410)."
	case p.Tries+1 >= s.opt.Attempts:
		to.Why = fmt.Sprintf("It was attempted %d times.", p.Tries+1)
	case time.Since(p.Since)+wait > s.opt.Age:
		to.Why = "It became too old."
	default:
		to.State, to.After = core.DeliveryPending, wait
	}
	return to
}

// settle writes what became of an attempt.
func (s *Sender) settle(ctx context.Context, log logger, p *store.Parcel, to store.Settlement) {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	switch err := s.db.SettleParcel(late, p, to); {
	case core.KindOf(err) == core.KindConflict:
		log.Warn("callback was attempted by another meanwhile")
	case err != nil:
		log.Warn("callback not settled", "err", err)
	}
	switch to.State {
	case core.DeliveryDone:
		s.stats.delivered.Add(1)
	case core.DeliveryDead:
		s.stats.dead.Add(1)
		log.Warn("callback given up", "why", to.Why)
	case core.DeliveryPending:
		if !to.Attempt.At.IsZero() {
			s.stats.retries.Add(1)
		}
	}
}

// logger is the part of a slog.Logger that is used here.
type logger interface{ Warn(msg string, args ...any) }

// attempt makes the message, and sends it or hands it to the entity.
func (s *Sender) attempt(ctx context.Context, p *store.Parcel) (answer, error) {
	shape := s.shapes[p.Callback.Form]
	if shape == nil {
		return answer{}, core.Errorf(core.KindUnprocessable, "No sender knows the form %q.", p.Callback.Form)
	}
	m, err := shape(&p.Delivery)
	if err != nil {
		return answer{}, core.Errorf(core.KindUnprocessable, "What is to be sent cannot be encoded.")
	}
	if p.Callback.URL == "" {
		return answer{status: http.StatusAccepted}, s.plane.Follow(ctx, &p.Delivery, m.Body)
	}
	m.complete(&p.Delivery, p.Tries+1, s.opt.Attempts)
	keys, err := s.signer(ctx, p.Namespace)
	if err != nil {
		return answer{}, err
	}
	sign(m.Header, keys, p.ID, time.Now(), m.Body)
	return s.post(ctx, p.Callback.URL, m)
}

// passing says whether the same attempt may succeed later.
func passing(err error) bool {
	switch core.KindOf(err) {
	case core.KindUnavailable, core.KindThrottled, core.KindInternal:
		return true
	}
	return false
}

// explain says why an attempt failed, to whoever asked for the callback: what
// it called, and what it learned, without the URL, which may hold a secret.
func explain(err error) string {
	var refusal *core.Error
	var call *url.Error
	var lookup *net.DNSError
	switch {
	case errors.As(err, &refusal):
		return refusal.Message
	case errors.Is(err, context.DeadlineExceeded):
		return "The receiver did not answer in time."
	case errors.As(err, &lookup):
		return "The receiver's name cannot be resolved."
	case errors.As(err, &call):
		return call.Err.Error()
	}
	return "The attempt failed."
}

// signer are remembered secrets of a namespace.
type signer struct {
	store.Signing
	read time.Time
}

// signerLife is for how long a rotation may be unseen.
const signerLife = 2 * time.Second

// maxSigners bounds those that are remembered.
const maxSigners = 1000

func (s *Sender) signer(ctx context.Context, ns string) (store.Signing, error) {
	s.mu.Lock()
	k, ok := s.keys[ns]
	s.mu.Unlock()
	if ok && time.Since(k.read) < signerLife {
		return k.Signing, nil
	}
	got, err := s.db.SigningSecret(ctx, ns)
	if err != nil {
		return got, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.keys) >= maxSigners {
		clear(s.keys)
	}
	s.keys[ns] = signer{got, time.Now()}
	return got, nil
}

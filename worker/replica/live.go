package replica

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/protocol/watchdog"
)

const (
	// settled is how long a replica must have run for its end to count as the
	// first in a row.
	settled = 30 * time.Second
	// longestRest bounds the pause before another start.
	longestRest = time.Minute
	// defaultDrain is how long calls may go on in a replica that shall end,
	// where the function's write_timeout does not say.
	defaultDrain = time.Minute
	// removeAgain is the pause before a removal is tried again.
	removeAgain = time.Second
)

// errExited is why a replica ends whose process has.
var errExited = errors.New("the function's process has ended")

// errUnwell is why one ends that fails its probes.
var errUnwell = errors.New("the function fails its health checks")

// live is the life of one replica, from the wait for memory to its removal.
func (m *Manager) live(life context.Context, name core.Name, s *set, target Target, r *replica) {
	log := m.log.With("namespace", name.Namespace, "action", name.Name)
	began := time.Now()
	ctx, cancel := context.WithCancel(life)
	defer cancel()
	go func() { // a start that nobody needs any more is broken off
		select {
		case <-r.drain:
			m.mu.Lock()
			unborn := r.client == nil
			m.mu.Unlock()
			if unborn {
				cancel()
			}
		case <-ctx.Done():
		}
	}()
	release, err := m.memory.Reserve(ctx, target.Action.Limits.Memory)
	if err == nil {
		defer release()
		err = m.start(ctx, target, r)
	}
	if err == nil {
		log.Info("replica is ready", "container", r.id, "took", time.Since(began))
		err = m.serve(ctx, life, target, r, log)
	}
	m.end(life, s, r, err, began, log)
}

// start makes the container and waits until it is ready.
func (m *Manager) start(ctx context.Context, target Target, r *replica) error {
	limited, cancel := context.WithTimeout(ctx, m.opt.ReadyTimeout)
	defer cancel()
	made, err := m.engine.Create(limited, m.spec(target, r))
	if err != nil {
		return err
	}
	m.mu.Lock()
	r.id = made.ID
	m.mu.Unlock()
	client := watchdog.NewClient(made.Network, made.Address)
	waiting, stop := context.WithCancelCause(limited)
	defer stop(nil)
	go func() {
		select {
		case <-r.ended:
			stop(errExited)
		case <-waiting.Done():
		}
	}()
	f := target.Action.Function
	if err := client.AwaitReady(waiting, watchdog.ReadyProbe(f.Annotations, f.EnvVars)); err != nil {
		client.Close()
		return err
	}
	m.mu.Lock()
	r.client = client
	if r.state == starting {
		r.state = ready
	}
	m.mu.Unlock()
	m.wake()
	return nil
}

func (m *Manager) spec(target Target, r *replica) engine.Spec {
	a := target.Action
	return engine.Spec{
		Name: a.Name.Name, Image: a.Exec.Image, Foreign: true, Memory: a.Limits.Memory,
		Env: a.Function.Environment(a.Name.Name), ReadyTimeout: m.opt.ReadyTimeout,
		Labels: map[string]string{
			engine.LabelNamespace: a.Name.Namespace,
			engine.LabelAction:    a.Name.String(),
			engine.LabelRevision:  a.Revision,
		},
		ReadOnly: a.Function.ReadOnlyRoot, Files: files(target.Secrets),
		Output: m.output(a.Name, r),
	}
}

// secretsDir is where functions find their secrets.
const secretsDir = "/var/openfaas/secrets/"

func files(secrets map[string][]byte) map[string][]byte {
	all := make(map[string][]byte, len(secrets))
	for name, value := range secrets {
		all[secretsDir+name] = value
	}
	return all
}

// serve waits until the replica shall end, or does by itself.
func (m *Manager) serve(ctx, life context.Context, target Target, r *replica, log *slog.Logger) error {
	unwell := make(chan struct{})
	if f := target.Action.Function; watchdog.Watches(f.Annotations) {
		probe := watchdog.LiveProbe(f.Annotations)
		probe.Locked = watchdog.ReadyProbe(nil, f.EnvVars).Locked
		go m.watch(ctx, r, probe, unwell)
	}
	select {
	case <-r.ended:
		return errExited
	case <-unwell:
		return errUnwell
	case <-life.Done():
		return nil
	case <-r.drain:
	}
	limit := drainLimit(target.Action.Function.EnvVars)
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-r.idle:
	case <-r.ended:
	case <-life.Done():
	case <-timer.C:
		log.Warn("replica ends with calls in flight", "container", r.id, "after", limit)
	}
	return nil
}

// watch closes unwell when the replica has failed its probes.
func (m *Manager) watch(ctx context.Context, r *replica, p watchdog.Probe, unwell chan<- struct{}) {
	wait := max(p.Initial, p.Period)
	for failures := 0; ; wait = p.Period {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		if failures++; r.client.Live(ctx, p) {
			failures = 0
		}
		if failures >= p.Failures && ctx.Err() == nil {
			close(unwell)
			return
		}
	}
}

// drainLimit reads write_timeout as watchdogs do.
func drainLimit(env map[string]string) time.Duration {
	text := env["write_timeout"]
	if seconds, err := strconv.Atoi(text); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return d
	}
	return defaultDrain
}

// end removes the container, and notes why it ended.
func (m *Manager) end(life context.Context, s *set, r *replica, err error, began time.Time, log *slog.Logger) {
	m.mu.Lock()
	asked := r.state == draining
	r.retire()
	if err != nil && !asked {
		if time.Since(began) > settled {
			s.failures = 0
		}
		s.failures++
		if s.failures > 1 || r.client == nil { // the first end of one that was ready is made good at once
			s.rest = time.Now().Add(min(m.opt.Backoff<<min(s.failures-1, 10), longestRest))
		}
		s.trouble = trouble(err)
		log.Warn("replica has ended", "container", r.id, "failures", s.failures, "err", err)
	} else if r.client != nil {
		s.trouble = ""
	}
	id := r.id
	m.mu.Unlock()
	m.wake() // another may be started before this one is gone
	for id != "" {
		err := m.engine.Remove(context.WithoutCancel(life), id)
		if err == nil {
			break
		}
		log.Warn("replica cannot be removed", "container", id, "err", err)
		select {
		case <-life.Done():
			id = "" // whoever looks for orphans does it
		case <-time.After(removeAgain):
		}
	}
	if r.client != nil {
		r.client.Close()
	}
	m.mu.Lock()
	s.replicas = slices.DeleteFunc(s.replicas, func(o *replica) bool { return o == r })
	m.mu.Unlock()
	m.wake()
}

// trouble says what a function's owner may know of a failure.
func trouble(err error) string {
	switch {
	case errors.Is(err, engine.ErrImage):
		return "the image cannot be had"
	case errors.Is(err, engine.ErrCommand):
		return "the image holds no such program"
	case errors.Is(err, errExited), errors.Is(err, engine.ErrEnded):
		return "the function's process ends"
	case errors.Is(err, errUnwell):
		return errUnwell.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "the function does not become ready"
	}
	return "the container cannot be started"
}

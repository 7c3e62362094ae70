package worker

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/runtime/kinds"
	"github.com/hearth-faas/hearth/worker/pool"
)

// job is one activation in this worker's hands.
type job struct {
	w       *Worker
	a       *core.Activation
	tracked *tracked
	log     *slog.Logger
	kind    kinds.Kind
	exec    *core.Exec // what /init gets, once it was read

	unsent bool // the platform knows that /run was not sent
	source pool.Source
	began  time.Time // of the work in a container
	init   time.Duration
}

// handle runs the activation that a task stands for. It returns an error only
// when the task is to be tried again. work ends when the drain budget is used
// up, claiming as soon as the worker is to stop.
func (w *Worker) handle(claiming, work context.Context, ref core.Ref) error {
	a, err := w.claim(work, ref)
	if err != nil {
		if k := core.KindOf(err); k == core.KindConflict || k == core.KindNotFound {
			return nil // somebody else's, or ended while it waited
		}
		return err
	}
	ctx, t := w.track(work, a)
	defer w.untrack(ref, t)
	j := &job{w: w, a: a, tracked: t, log: w.deps.Log.With(
		"namespace", a.Namespace, "action", a.Action.String(), "activation", string(a.ID))}
	j.run(claiming, ctx)
	return nil
}

// early is how long a task may be there before its record.
const early = time.Second

// claim starts the activation. Its task and its record are made in one round
// trip and not in one step: where Redis has to be sent a script first, the
// task comes before the record.
func (w *Worker) claim(ctx context.Context, ref core.Ref) (*core.Activation, error) {
	for wait := 5 * time.Millisecond; ; wait *= 2 {
		a, err := w.deps.Plane.Start(ctx, ref, w.token)
		if core.KindOf(err) != core.KindNotFound || wait > early || !sleep(ctx, wait) {
			return a, err
		}
	}
}

// tries is how many containers an activation may use up that turn out not to
// take connections.
const tries = 2

func (j *job) run(claiming, ctx context.Context) {
	if j.a.Kind == core.KindFunction && j.w.deps.Function != nil {
		j.runFunction(ctx)
		return
	}
	need, err := j.need(ctx)
	if err != nil {
		j.without(claiming, ctx, err)
		return
	}
	for try := 1; ; try++ {
		lease, err := j.acquire(claiming, ctx, need)
		if err != nil {
			j.without(claiming, ctx, err)
			return
		}
		v := j.use(ctx, lease)
		if v.what == refused && try < tries {
			j.log.Warn("container refuses connections, another is tried", "container", lease.ID)
			v.capture.End()
			lease.Destroy()
			continue
		}
		j.conclude(ctx, lease, v)
		return
	}
}

// need says what container the activation wants. The image of a blackbox
// action is not part of its activation.
func (j *job) need(ctx context.Context) (pool.Need, error) {
	a := j.a
	var known, refresh bool
	if a.Kind == core.KindBlackbox {
		action, err := j.action(ctx, false)
		if err != nil {
			return pool.Need{}, err
		}
		j.kind, known = j.w.deps.Kinds.Blackbox(action.Exec.Image)
		refresh = !known // it is not ours to say when such an image changes
	} else if j.kind, known = j.w.deps.Kinds.Lookup(a.Kind); !known {
		return pool.Need{}, errKind
	}
	n := pool.Need{
		Key:         pool.Key{Namespace: a.Namespace, Action: a.Action, Revision: a.Revision},
		Image:       image(j.kind, a.Limits.Memory, a.Limits.Concurrency > 1),
		Concurrency: a.Limits.Concurrency,
	}
	n.Refresh = refresh
	if a.Limits.Instances != nil {
		n.Instances = *a.Limits.Instances
	}
	return n, nil
}

func image(k kinds.Kind, memory int, concurrent bool) pool.Image {
	return pool.Image{Kind: k.Name, Ref: k.Image, Foreign: k.Foreign, Runtime: k.Runtime, Memory: memory, Concurrent: concurrent}
}

// action reads the action as it is now. A failure is an endError.
func (j *job) action(ctx context.Context, code bool) (*core.Action, error) {
	ctx, cancel := context.WithTimeout(ctx, fetch)
	defer cancel()
	var action *core.Action
	err := persist(ctx, func(ctx context.Context) (err error) {
		action, err = j.w.deps.DB.Action(ctx, j.a.Action, code)
		return err
	})
	switch {
	case err == nil:
		return action, nil
	case core.KindOf(err) == core.KindNotFound, core.KindOf(err) == core.KindConflict:
		return nil, endError{failed(core.StatusApplicationError, core.ReasonNone, msgDeleted)}
	}
	return nil, errors.Join(endError{failed(core.StatusInternalError, core.ReasonPlatform, msgFetch)}, err)
}

// fetch is how long the store may take to give the action.
const fetch = 30 * time.Second

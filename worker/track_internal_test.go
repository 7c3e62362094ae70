package worker

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/core"
)

func TestAnOrderToCancelMayComeBeforeItsActivation(t *testing.T) {
	t.Parallel()
	w := &Worker{running: map[core.Ref]*tracked{}, doomed: map[core.Ref]time.Time{}}
	early, other := core.Ref{Namespace: "guest", ID: "a"}, core.Ref{Namespace: "guest", ID: "b"}
	w.cancel(early)
	for ref, want := range map[core.Ref]error{early: errCancelled, other: nil} {
		ctx, tracked := w.track(t.Context(), &core.Activation{Ref: ref})
		if got := context.Cause(ctx); !errors.Is(got, want) {
			t.Errorf("%s: got %v, want %v", ref.ID, got, want)
		}
		w.untrack(ref, tracked)
	}
	w.doomed[other] = time.Now().Add(-2 * doomFor)
	w.cancel(early)
	if _, kept := w.doomed[other]; kept {
		t.Error("an order is kept whose activation never came")
	}
}

func TestAnAttemptThatEndsLateLeavesTheNextOneTracked(t *testing.T) {
	t.Parallel()
	w := &Worker{running: map[core.Ref]*tracked{}, doomed: map[core.Ref]time.Time{}}
	a := &core.Activation{Ref: core.Ref{Namespace: "guest", ID: "a"}, Attempt: 1}
	_, first := w.track(t.Context(), a)
	next, second := w.track(t.Context(), &core.Activation{Ref: a.Ref, Attempt: 2})
	w.untrack(a.Ref, first)
	w.cancel(a.Ref)
	if !errors.Is(context.Cause(next), errCancelled) {
		t.Error("the next attempt does not hear of its cancellation")
	}
	w.untrack(a.Ref, second)
}

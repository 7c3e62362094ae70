package core_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/hearth-faas/hearth/core"
)

func TestTheKindOfAnErrorIsThatOfTheFirstInItsChain(t *testing.T) {
	t.Parallel()
	conflict := core.Errorf(core.KindConflict, "%s is there", "x")
	for _, c := range []struct {
		name string
		err  error
		want core.Kind
	}{
		{"none", nil, core.KindInternal},
		{"a foreign error", io.EOF, core.KindInternal},
		{"one of ours", conflict, core.KindConflict},
		{"wrapped", fmt.Errorf("write: %w", conflict), core.KindConflict},
		{"joined", errors.Join(io.EOF, conflict), core.KindConflict},
		{"the outer of two", &core.Error{Kind: core.KindInvalid, Err: conflict}, core.KindInvalid},
		{"a dependency", core.Unavailable("read", io.EOF), core.KindUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := core.KindOf(c.err); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestAnErrorTellsItsCause(t *testing.T) {
	t.Parallel()
	err := core.Unavailable("read action", io.EOF)
	if err.Error() != "read action: EOF" || !errors.Is(err, io.EOF) || err.RetryAfter <= 0 {
		t.Errorf("got %v, retry after %s", err, err.RetryAfter)
	}
	if got := core.Errorf(core.KindInvalid, "%d > %d", 2, 1).Error(); got != "2 > 1" {
		t.Errorf("got %q", got)
	}
}

func TestEveryKindHasItsOwnName(t *testing.T) {
	t.Parallel()
	seen := map[string]core.Kind{}
	for k := core.KindInternal; k <= core.KindUnavailable; k++ {
		if other, ok := seen[k.String()]; ok {
			t.Errorf("%d and %d are both called %s", k, other, k)
		}
		seen[k.String()] = k
	}
}

func TestKindsAreReadBack(t *testing.T) {
	t.Parallel()
	for kind := core.KindInternal; kind <= core.KindUnavailable; kind++ {
		if got := core.ParseKind(kind.String()); got != kind {
			t.Errorf("got %s, want %s", got, kind)
		}
	}
	if got := core.ParseKind("nonsense"); got != core.KindInternal {
		t.Errorf("got %s of nonsense", got)
	}
}

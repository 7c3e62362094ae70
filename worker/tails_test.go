package worker_test

import (
	"context"
	"testing"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

func TestLinesAreShownWhileTheActionRuns(t *testing.T) {
	t.Parallel()
	p, _ := start(t, small(256))
	id := p.invoke(p.action("a", "", nil), "sleep", 10*60_000)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var seen []string
	var end *core.Status
	err := p.plane.Tail(ctx, p.who, id, control.LogPosition{}, func(e control.LogEvent) error {
		for _, line := range e.Lines {
			seen = append(seen, line[31:])
		}
		if len(seen) == 1 && len(e.Lines) > 0 { // it still has ten minutes to go
			return p.plane.Cancel(ctx, p.who, id)
		}
		end = e.End
		return nil
	})
	if err != nil || end == nil || *end != core.StatusInternalError || len(seen) != 1 || seen[0] != "stdout: run 1" {
		t.Errorf("got %q, end %v, %v", seen, end, err)
	}
	if n, err := p.rdb.Exists(ctx, "hearth:{guest}:tail:"+string(id)).Result(); err != nil || n != 1 {
		t.Errorf("%d tails, %v", n, err)
	}
	quiet := p.record(p.invoke(p.action("b", "", nil), "", 0))
	if n, err := p.rdb.Exists(ctx, "hearth:{guest}:tail:"+string(quiet.ID)).Result(); err != nil || n != 0 {
		t.Errorf("%d tails of what nobody watched, %v", n, err)
	}
}

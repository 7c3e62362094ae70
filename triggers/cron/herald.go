package cron

import (
	"context"
	"log/slog"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

const (
	// heralded is how many ticks of a shard are announced in one go: enough for
	// what ticks rarely, and next to no work where thousands tick at once, whose
	// containers are warm anyhow.
	heralded = 10
	// ahead is how early a tick is announced. Workers look every 5 seconds, and
	// a start takes a few more on a busy machine.
	ahead = 15 * time.Second
)

// herald tells the workers of the ticks of one shard before they come, so that
// what they call does not start cold.
type herald struct {
	plane *control.Plane
	log   *slog.Logger
	last  time.Time               // of the last round
	told  map[core.Name]time.Time // ticks that are announced
}

// announce tells of what comes soon, at most once in a while.
func (h *herald) announce(ctx context.Context, due store.Due) {
	if due.Now.Sub(h.last) < look {
		return
	}
	h.last = due.Now
	told := map[core.Name]time.Time{}
	for _, s := range due.Coming {
		if s.Due.Sub(due.Now) > ahead {
			break
		}
		if !h.told[s.Trigger].Equal(s.Due) {
			if err := h.plane.Expect(ctx, s.Trigger, s.Due); err != nil {
				h.log.Debug("tick is not announced", "trigger", s.Trigger.Full(), "err", err)
				return
			}
		}
		told[s.Trigger] = s.Due
	}
	h.told = told
}

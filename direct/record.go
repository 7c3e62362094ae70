package direct

import (
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

const (
	// recordEvery is how often records are written, recordMost how many in one
	// write, and recordRoom how many may wait for it.
	recordEvery = 100 * time.Millisecond
	recordMost  = 500
	recordRoom  = 4096
)

// call is what is recorded of a direct call.
type call struct {
	id         string
	made       bool // the id is the gateway's own
	status     int
	size       int64 // bytes of the answer
	began, end time.Time
}

// recorder keeps direct calls as activations. It writes behind them: one that
// finds no room is left out and counted, so that no call waits for it.
type recorder struct {
	plane   *control.Plane
	log     *slog.Logger
	dropped prometheus.Counter
	part    float64
	calls   chan recorded
}

type recorded struct {
	action *core.Action
	call
}

func newRecorder(plane *control.Plane, log *slog.Logger, dropped prometheus.Counter, part float64) *recorder {
	return &recorder{plane: plane, log: log, dropped: dropped, part: part, calls: make(chan recorded, recordRoom)}
}

// add has a call recorded, if it is one of those that are.
func (c *recorder) add(action *core.Action, made call) {
	if c.part <= 0 || c.part < 1 && rand.Float64() >= c.part { //nolint:gosec // a sample is no secret
		return
	}
	select {
	case c.calls <- recorded{action, made}:
	default:
		c.dropped.Inc()
	}
}

// run writes what there is to write until ctx ends, and once more then.
func (c *recorder) run(ctx context.Context) error {
	tick := time.NewTicker(recordEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			for c.write(last) == recordMost && last.Err() == nil {
			}
			return nil
		case <-tick.C:
			c.write(ctx)
		}
	}
}

// write writes some of what waits, and returns how many.
func (c *recorder) write(ctx context.Context) int {
	var list []*core.Activation
	n := 0
	for ; n < recordMost && len(c.calls) > 0; n++ {
		made := <-c.calls
		who, err := c.plane.Owner(ctx, made.action.Name.Namespace)
		if err != nil {
			c.dropped.Inc()
			continue
		}
		list = append(list, activation(made, who))
	}
	if len(list) == 0 {
		return n
	}
	if err := c.plane.RecordAll(ctx, list); err != nil {
		c.dropped.Add(float64(len(list)))
		c.log.WarnContext(ctx, "calls of functions were not recorded", "calls", len(list), "err", err)
	}
	return n
}

// activation is the record of a call. Its result says what the call came to,
// without the answer's body, which went by.
func activation(made recorded, who core.Subject) *core.Activation {
	f := made.action
	out := core.Outcome{Start: made.began, End: made.end, Duration: made.end.Sub(made.began), Logs: []string{}}
	switch {
	case made.status == statusClientGone, made.status >= http.StatusInternalServerError:
		out.Status = core.StatusDeveloperError
	case made.status >= http.StatusBadRequest:
		out.Status = core.StatusApplicationError
	}
	out.Result, _ = json.Marshal(map[string]any{ // cannot fail: text and numbers
		"statusCode": made.status, "size": made.size, "callId": made.id,
	})
	out.Size = len(out.Result)
	return &core.Activation{
		Ref:    core.Ref{Namespace: f.Name.Namespace, ID: activationOf(made.id, made.made)},
		Action: f.Name, Version: f.Version, Revision: f.Revision, Kind: f.Exec.Kind, Limits: f.Limits,
		Subject: who.Name, KeyUUID: who.UUID, State: core.StateDone, Outcome: out,
		Unstored: !who.Namespace.Quota.Stores(),
	}
}

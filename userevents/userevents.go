// Package userevents tells operators what the tenants' actions do, as
// OpenWhisk's user events and their Prometheus metrics tell it: how often each
// ran, how long, how it ended, and who met a limit.
package userevents

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

const (
	// waiting is how many events may wait to be written; what comes beyond is
	// dropped, since no call waits for them.
	waiting = 4096
	// batch is the most that are written in one round trip.
	batch = 256
	// writing is how long one write may take.
	writing = 5 * time.Second
)

// Reporter counts what it observes and, if it has a stream, writes it there
// behind the calls.
type Reporter struct {
	db      *store.DB
	log     *slog.Logger
	source  string
	events  chan message // nil without a stream
	metrics *metrics
	dropped prometheus.Counter
}

// Options of a Reporter.
type Options struct {
	// Source names the process in events.
	Source string
	// Stream says that events are written to their stream in Redis, too.
	Stream bool
}

// New makes a Reporter and registers its metrics.
func New(db *store.DB, log *slog.Logger, r prometheus.Registerer, opt Options) (*Reporter, error) {
	m, err := newMetrics(r)
	if err != nil {
		return nil, err
	}
	u := &Reporter{db: db, log: log, source: opt.Source, metrics: m, dropped: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "hearth_userevents_dropped_total", Help: "User events that were not written.",
	})}
	if opt.Stream {
		u.events = make(chan message, waiting)
		err = r.Register(u.dropped)
	}
	return u, err
}

// Observer is what the control plane tells. It never waits.
func (u *Reporter) Observer() control.Observer {
	return control.Observer{Ended: u.ended, Refused: u.refused}
}

func (u *Reporter) ended(a *core.Activation, out core.Outcome) {
	if a.Kind == "" {
		return
	}
	code := statusCode(out.Result)
	u.metrics.ended(a, out, code)
	if u.events != nil {
		u.put(message{
			Body: activationOf(a, out, code), EventType: "Activation", Source: u.source,
			Subject: a.Subject, Namespace: a.Namespace, UserID: a.KeyUUID, Timestamp: time.Now().UnixMilli(),
		})
	}
}

func (u *Reporter) refused(who core.Subject, limit control.Limit) {
	u.metrics.refused(who.Namespace.Name, limit)
	if u.events != nil {
		u.put(message{
			Body: metric{Name: string(limit), Value: 1}, EventType: "Metric", Source: u.source,
			Subject: who.Name, Namespace: who.Namespace.Name, UserID: who.UUID, Timestamp: time.Now().UnixMilli(),
		})
	}
}

func (u *Reporter) put(m message) {
	select {
	case u.events <- m:
	default:
		u.dropped.Inc()
	}
}

// Run writes events until ctx ends, then those that wait, and returns nil. What
// cannot be written is dropped and counted.
func (u *Reporter) Run(ctx context.Context) error {
	for u.events != nil {
		select {
		case <-ctx.Done():
			for list := u.take(); len(list) > 0; list = u.take() {
				u.write(context.WithoutCancel(ctx), list)
			}
			return nil
		case m := <-u.events:
			u.write(context.WithoutCancel(ctx), append([]message{m}, u.take()...))
		}
	}
	<-ctx.Done()
	return nil
}

// take returns what waits, up to a batch.
func (u *Reporter) take() (list []message) {
	for len(list) < batch {
		select {
		case m := <-u.events:
			list = append(list, m)
		default:
			return list
		}
	}
	return list
}

func (u *Reporter) write(ctx context.Context, list []message) {
	events := make([][]byte, 0, len(list))
	for _, m := range list {
		if b, err := json.Marshal(m); err == nil { // numbers and strings: cannot fail
			events = append(events, b)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, writing)
	defer cancel()
	if err := u.db.AppendUserEvents(ctx, events); err != nil {
		u.dropped.Add(float64(len(list)))
		u.log.Warn("user events were not written", "events", len(list), "err", err)
	}
}

package main

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hearth-faas/hearth/apiserver/openwhisk"
	"github.com/hearth-faas/hearth/callback"
	"github.com/hearth-faas/hearth/core"
)

// callbackSettings say where callbacks may go, to those who accept them and to
// those who send them.
type callbackSettings struct {
	CallbackAllow []netip.Prefix `group:"Settings" placeholder:"CIDR" help:"Let callbacks go to these addresses too; otherwise only to public ones. May be repeated, or have commas."`
}

func (s callbackSettings) policy() *callback.Policy { return callback.NewPolicy(s.CallbackAllow) }

// senderSettings say how callbacks are sent.
type senderSettings struct {
	callbackSettings
	CallbackAttempts int           `group:"Settings" default:"10" help:"How often a callback is attempted before it is given up (${default})."`
	CallbackAge      time.Duration `group:"Settings" default:"24h" help:"For how long a callback is attempted before it is given up (${default})."`
	CallbackTimeout  time.Duration `group:"Settings" default:"15s" help:"How long one attempt of a callback may take (${default})."`
	CallbackKeep     time.Duration `group:"Settings" default:"168h" help:"How long callbacks that were delivered or given up are kept (${default})."`
}

// callbacks is the stage that delivers what activations owe when they end. It
// is before the worker, so that it stops after it.
func (x *parts) callbacks(s senderSettings) stage {
	var sender *callback.Sender
	return stage{
		name: "callbacks",
		start: func(context.Context) error {
			sender = callback.New(x.plane, x.db, x.log, callback.Options{
				Policy: s.policy(), Shapes: map[core.Form]callback.Shape{core.FormActivation: activationMessage},
				Attempts: s.CallbackAttempts, Age: s.CallbackAge, Timeout: s.CallbackTimeout, Keep: s.CallbackKeep,
			})
			return x.metrics.Register(newSenderMetrics(sender))
		},
		run: func(ctx context.Context) error { return sender.Run(ctx) },
	}
}

// activationMessage is the record of the activation, as OpenWhisk's API shows
// it.
func activationMessage(d *core.Delivery) (callback.Message, error) {
	body, err := openwhisk.Record(&d.Activation)
	return callback.Message{Header: http.Header{"Content-Type": {"application/json"}}, Body: body}, err
}

// senderMetrics show what one process' sender does.
type senderMetrics struct {
	sender                                      *callback.Sender
	attempts, delivered, retries, dead, sending *prometheus.Desc
}

var _ prometheus.Collector = (*senderMetrics)(nil)

func newSenderMetrics(s *callback.Sender) *senderMetrics {
	of := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("hearth_callbacks_"+name, help, nil, nil)
	}
	return &senderMetrics{
		sender:    s,
		attempts:  of("attempts_total", "Attempts of callbacks and destinations."),
		delivered: of("delivered_total", "Callbacks that were delivered."),
		retries:   of("failures_total", "Attempts that failed and are to be repeated."),
		dead:      of("given_up_total", "Callbacks that were given up."),
		sending:   of("sending", "Attempts that are under way."),
	}
}

// Describe sends what there is.
func (m *senderMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.attempts, m.delivered, m.retries, m.dead, m.sending} {
		to <- d
	}
}

// Collect sends the present numbers.
func (m *senderMetrics) Collect(to chan<- prometheus.Metric) {
	c := m.sender.Counts()
	for d, n := range map[*prometheus.Desc]int64{
		m.attempts: c.Attempts, m.delivered: c.Delivered, m.retries: c.Retries, m.dead: c.Dead,
	} {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n))
	}
	to <- prometheus.MustNewConstMetric(m.sending, prometheus.GaugeValue, float64(c.Busy))
}

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/direct"
	"github.com/hearth-faas/hearth/worker"
)

// functionSettings are those of calls of functions, in every process that
// takes them.
type functionSettings struct {
	FunctionHold      time.Duration `group:"Settings" default:"100s" help:"How long a call waits for a replica of its function (${default})."`
	FunctionNamespace string        `group:"Settings" placeholder:"NAME" default:"guest" help:"The namespace that clients of the OpenFaaS API know as openfaas-fn (${default})."`
}

// routes is the stage of what finds replicas.
func (x *parts) routes(s functionSettings) stage {
	return stage{
		name: "router of functions",
		start: func(context.Context) (err error) {
			x.router = direct.NewRouter(x.plane, x.log, direct.Options{Hold: s.FunctionHold})
			x.tally, err = direct.NewTally(x.plane, x.log, s.FunctionNamespace, x.metrics)
			return err
		},
		run: func(ctx context.Context) error { return x.tally.Run(ctx) },
	}
}

// ingress takes calls from API servers on other machines for the replicas of
// this worker.
type ingress struct {
	addr     string
	key      string
	listener net.Listener
	handler  http.Handler
}

// listen takes the address, and returns its URL; nothing where none is set.
func (i *ingress) listen(ctx context.Context) (string, error) {
	if i.addr == "" {
		return "", nil
	}
	i.key = rand.Text()
	var lc net.ListenConfig
	var err error
	if i.listener, err = lc.Listen(ctx, "tcp", i.addr); err != nil {
		return "", fmt.Errorf("listen for calls of functions: %w", err)
	}
	host, _, err := net.SplitHostPort(i.addr)
	_, port, portErr := net.SplitHostPort(i.listener.Addr().String())
	if err = errors.Join(err, portErr); err != nil {
		return "", fmt.Errorf("read the address for calls of functions: %w", err)
	}
	if ip := net.ParseIP(strings.Trim(host, "[]")); host == "" || ip != nil && ip.IsUnspecified() {
		host = hostname() // as the other machines know this one
	}
	return "http://" + net.JoinHostPort(host, port), nil
}

func (i *ingress) attach(w *worker.Worker) {
	if i.listener != nil {
		i.handler = direct.Ingress(w.Replicas(), i.key)
	}
}

// run serves until ctx ends. The worker drains its replicas meanwhile, and
// calls in them end before them.
func (i *ingress) run(ctx context.Context) error {
	if i.listener == nil {
		<-ctx.Done()
		return nil
	}
	server := &http.Server{Handler: i.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(i.listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve calls of functions: %w", err)
	case <-ctx.Done():
	}
	err := server.Close()
	if closed := <-served; !errors.Is(closed, http.ErrServerClosed) {
		return errors.Join(err, closed)
	}
	return err
}

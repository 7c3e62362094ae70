package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/hearth-faas/hearth/bench/report"
)

// scenario is one thing that is measured.
type scenario struct {
	name string
	what string
	// onRequest scenarios take long, and run only when they are named.
	onRequest bool
	run       func(ctx context.Context, s *stand, r *report.Report) error
}

// scenarios lists all of them, in the order in which they run: what wants a
// platform that has done nothing yet comes first.
func scenarios() []scenario {
	return []scenario{
		{name: "idle", what: "memory and Redis commands of a platform that does nothing", run: idle},
		{name: "claim", what: "from accepting a call to claiming it, one at a time", run: claim},
		{name: "warm-go", what: "blocking calls of a warm Go action, one at a time and 16 at once", run: warm("go")},
		{name: "warm-nodejs", what: "the same for Node.js", run: warm("nodejs")},
		{name: "background", what: "calls without waiting, at a fixed rate for 20 s, until all are done", run: background},
		{name: "sequence", what: "a sequence of three warm steps against one warm call", run: sequence},
		{name: "trigger", what: "a trigger with ten rules", run: trigger},
		{name: "webhook", what: "deliveries to a webhook with one rule, and its answers", run: webhooks},
		{name: "neighbour", what: "warm calls of one action while another keeps all processors busy", run: neighbour},
		{name: "list", what: "listing activations when there are 1 000 and 100 000", run: list},
		{name: "cold-go", what: "first calls of Go actions against making the same container by hand", run: cold("go")},
		{name: "cold-nodejs", what: "the same for Node.js", run: cold("nodejs")},
		{name: "prewarmed", what: "first calls of Node.js actions that find a started container", run: prewarmed},
		{name: "runtimes", what: "a container, /init and first /run of each kind, and the sizes of images", onRequest: true, run: runtimes},
		{name: "million", what: "listing activations when there are 1 000 000", onRequest: true, run: listMillion},
	}
}

// choose picks scenarios by name; an empty expression means all but those
// that run on request.
func choose(all []scenario, only *regexp.Regexp) []scenario {
	var chosen []scenario
	for _, s := range all {
		if only.MatchString(s.name) && !(s.onRequest && only.String() == "") {
			chosen = append(chosen, s)
		}
	}
	return chosen
}

// measure starts the platform and runs the scenarios on it. One that fails is
// noted in the report, and the others go on; an interrupt ends the run with
// what has been measured.
func measure(ctx context.Context, chosen []scenario, progress io.Writer) (*report.Report, error) {
	s, err := newStand(ctx, progress)
	if err != nil {
		return nil, err
	}
	defer s.close(ctx)
	r := &report.Report{Machine: s.machine(ctx)}
	for _, sc := range chosen {
		if ctx.Err() != nil {
			r.Fail(sc.name, ctx.Err())
			continue
		}
		begin := time.Now()
		fmt.Fprintf(progress, "%-14s ", sc.name)
		if err := sc.run(ctx, s, r); err != nil {
			r.Fail(sc.name, err)
		}
		fmt.Fprintf(progress, "%.1f s\n", time.Since(begin).Seconds())
	}
	return r, nil
}

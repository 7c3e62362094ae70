// Package load makes calls at a fixed concurrency or rate and measures them.
//
// It is a small generator on purpose: it shares the machine with what it
// measures, so it keeps its connections, allocates next to nothing per call
// and records into histograms that workers do not share.
package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Call makes one call. worker counts from 0 and tells the caller whose
// connection and buffers to use; it is never used by two calls at once.
type Call func(ctx context.Context, worker int) error

// Options of a run.
type Options struct {
	// Workers make calls at the same time; at least 1.
	Workers int
	// For is how long new calls are started; 0 for no bound.
	For time.Duration
	// Count is how many calls are made; 0 for no bound. One of For and Count
	// must be set.
	Count int
	// Rate is how many calls are started per second, evenly spaced; 0 means
	// each worker starts its next call when its last has ended. With a rate, a
	// call's latency counts from when it was due, so that a stall of the
	// server shows in all calls that it delayed and not in one.
	Rate float64
}

// Result of a run.
type Result struct {
	Latency *Histogram // of the calls without error
	Errors  int
	First   error // one of the errors, as an example; nil when there were none
	Elapsed time.Duration
}

// Throughput is the number of calls without error per second.
func (r Result) Throughput() float64 {
	if r.Elapsed <= 0 {
		return 0
	}
	return float64(r.Latency.Count()) / r.Elapsed.Seconds()
}

// Run makes calls until a bound of opt is reached or ctx is done, and waits
// for those under way.
func Run(ctx context.Context, opt Options, call Call) (Result, error) {
	if opt.Workers < 1 {
		return Result{}, errors.New("load: needs at least one worker")
	}
	if opt.For <= 0 && opt.Count <= 0 {
		return Result{}, errors.New("load: needs a duration or a count")
	}
	if opt.Rate < 0 {
		return Result{}, fmt.Errorf("load: negative rate %v", opt.Rate)
	}
	begin := time.Now()
	p := newPace(begin, opt)
	parts := make([]Result, opt.Workers)
	var wg sync.WaitGroup
	for w := range opt.Workers {
		wg.Go(func() { parts[w] = work(ctx, w, p, call) })
	}
	wg.Wait()
	return merge(parts, time.Since(begin)), nil
}

// work makes one worker's calls.
func work(ctx context.Context, worker int, p *pace, call Call) Result {
	r := Result{Latency: &Histogram{}}
	for {
		due, ok := p.next(ctx)
		if !ok {
			return r
		}
		if err := call(ctx, worker); err != nil {
			r.Errors++
			r.First = err
			continue
		}
		r.Latency.Record(time.Since(due))
	}
}

func merge(parts []Result, elapsed time.Duration) Result {
	all := Result{Latency: &Histogram{}, Elapsed: elapsed}
	for _, p := range parts {
		all.Latency.Merge(p.Latency)
		all.Errors += p.Errors
		if all.First == nil {
			all.First = p.First
		}
	}
	return all
}

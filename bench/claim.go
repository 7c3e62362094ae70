package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/bench/load"
	"github.com/hearth-faas/hearth/bench/report"
)

const (
	claimMedian = 1.0 // ms
	claimCalls  = 200
)

// claim measures how long a queue that was empty keeps a call: from the first
// command that Redis sees of an activation to the claim of its task, by the
// clock of Redis.
func claim(ctx context.Context, s *stand, r *report.Report) error {
	name, err := s.deploy(ctx, "go", 128)
	if err != nil {
		return err
	}
	if _, err := s.hearth.Call(ctx, name, nil); err != nil {
		return err
	}
	lines, stop, err := s.monitor(ctx)
	if err != nil {
		return err
	}
	defer stop()
	var ids []string
	for range claimCalls {
		id, err := s.hearth.Invoke(ctx, name, nil)
		if err != nil {
			return err
		}
		ids = append(ids, id)
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
	if err := pause(ctx, time.Second); err != nil {
		return err
	}
	stop()
	h := claims(lines, ids)
	if h.Count() < claimCalls/2 {
		return fmt.Errorf("saw %d of %d claims", h.Count(), claimCalls)
	}
	got := load.Result{Latency: h}
	r.Add(
		row("accepted to claimed, idle queue", "p50", got, load.Result{}, 0.5).AtMost(claimMedian),
		row("accepted to claimed, idle queue", "p95", got, load.Result{}, 0.95),
	)
	return nil
}

// monitor hands on what MONITOR prints, until stop is called.
func (s *stand) monitor(ctx context.Context) (lines chan string, stop func(), err error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", s.redis.Socket())
	if err != nil {
		return nil, nil, fmt.Errorf("watch redis: %w", err)
	}
	if _, err := conn.Write([]byte("MONITOR\r\n")); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("watch redis: %w", err), conn.Close())
	}
	lines = make(chan string, 1<<16)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for text := bufio.NewScanner(conn); text.Scan(); {
			select {
			case lines <- strings.TrimPrefix(text.Text(), "+"):
			default: // nobody reads so many
			}
		}
	}()
	return lines, func() { _ = conn.Close(); <-done }, nil
}

// claims reads what MONITOR printed so far: lines like
//
//	1700000000.123456 [0 unix:/path] "evalsha" "…" …
//
// The claim of a task is asynq's setting its state to active.
func claims(lines <-chan string, ids []string) *load.Histogram {
	h := &load.Histogram{}
	accepted := map[string]float64{}
	for {
		select {
		case line := <-lines:
			stamp, rest, _ := strings.Cut(line, " ")
			at, err := strconv.ParseFloat(stamp, 64)
			if err != nil {
				continue
			}
			id := idIn(rest, ids)
			if id == "" {
				continue
			}
			first, known := accepted[id]
			switch {
			case !known:
				accepted[id] = at
			case first > 0 && strings.Contains(rest, `"active"`):
				h.Record(time.Duration((at - first) * float64(time.Second)))
				accepted[id] = -1 // counted
			}
		default:
			return h
		}
	}
}

func idIn(line string, ids []string) string {
	for _, id := range ids {
		if strings.Contains(line, id) {
			return id
		}
	}
	return ""
}

// blocking is the path of a blocking call that answers with the result alone.
func blocking(action string) string { return "actions/" + action + "?blocking=true&result=true" }

// warmCalls makes an action warm, calls it one at a time for a while, and
// returns how long that took.
func (s *stand) warmCalls(ctx context.Context, action string, d time.Duration) (load.Result, error) {
	c, err := s.post(blocking(action), http.StatusOK)
	if err != nil {
		return load.Result{}, err
	}
	defer c.Close()
	return calls(ctx, c, load.Options{Workers: 1, For: d})
}

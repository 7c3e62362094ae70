package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// diary notes what stages do, in order.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) note(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

func (d *diary) stage(name string) stage {
	return stage{
		name:  name,
		start: func(context.Context) error { d.note("start " + name); return nil },
		run: func(ctx context.Context) error {
			<-ctx.Done()
			d.note("end " + name)
			return nil
		},
	}
}

func TestStagesStopFromTheLastToTheFirst(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var d diary
	last := stage{name: "last", start: func(context.Context) error { cancel(); return nil }}
	if err := runStages(ctx, d.stage("redis"), d.stage("worker"), d.stage("server"), last); err != nil {
		t.Fatal(err)
	}
	want := []string{"start redis", "start worker", "start server", "end server", "end worker", "end redis"}
	if diff := cmp.Diff(d.lines, want); diff != "" {
		t.Error(diff)
	}
}

func TestAStageThatFailsStopsTheOthers(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, test := range []struct {
		name string
		make func(started chan struct{}) stage
		want string
		line []string
	}{
		{
			"it cannot start",
			func(chan struct{}) stage {
				return stage{name: "worker", start: func(context.Context) error { return broken }}
			},
			"start worker: broken",
			[]string{"start redis", "end redis"},
		},
		{
			"it ends with an error",
			func(started chan struct{}) stage {
				return stage{name: "worker", run: func(context.Context) error { <-started; return broken }}
			},
			"run worker: broken",
			[]string{"start redis", "start server", "end server", "end redis"},
		},
		{
			"it ends without one",
			func(started chan struct{}) stage {
				return stage{name: "worker", run: func(context.Context) error { <-started; return nil }}
			},
			"run worker: it ended by itself",
			[]string{"start redis", "start server", "end server", "end redis"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var d diary
			started := make(chan struct{})
			last := stage{name: "last", start: func(context.Context) error { close(started); return nil }}
			err := runStages(t.Context(), d.stage("redis"), test.make(started), d.stage("server"), last)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if diff := cmp.Diff(d.lines, test.line); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAStopWhileStagesStartIsOrderly(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var d diary
	slow := stage{name: "slow", start: func(ctx context.Context) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}}
	if err := runStages(ctx, d.stage("redis"), slow, d.stage("server")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d.lines, []string{"start redis", "end redis"}); diff != "" {
		t.Error(diff)
	}
}

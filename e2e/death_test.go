package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/client"

	"github.com/hearth-faas/hearth/e2e/platform"
	"github.com/hearth-faas/hearth/worker/engine"
)

// death is a way for an action to lose its container, and what its caller is
// told.
type death struct {
	name   string
	before args // the call before it, in the same container
	how    args
	limit  args
	texts  []string // one of them
}

const (
	tooLong = "The action exceeded its time limits of "
	tooMuch = "The action exhausted its memory and was aborted."
	exited  = "command exited"
)

var harmless = args{"how": "status", "line": "Uid"}

var deaths = []death{
	{"takes all memory", harmless, args{"how": "eat"}, args{"memory": 128}, []string{tooMuch}},
	{"kills itself", harmless, args{"how": "die"}, args{"memory": 128}, []string{exited}},
	{"kills itself, where a child has died for memory before", args{"how": "feed_child"}, args{"how": "die"}, args{"memory": 128}, []string{exited}},
	{"takes all memory by filling /tmp", harmless, args{"how": "fill", "path": "/tmp/evil"}, args{"memory": 128}, []string{tooMuch}},
	{"ignores signals and never ends", harmless, args{"how": "stubborn"}, args{"memory": 128, "timeout": 10_000}, []string{tooLong + "10000 milliseconds."}},
	{"is a fork bomb", harmless, args{"how": "bomb"}, args{"memory": 256}, []string{tooLong, tooMuch, exited}},
}

// run calls an action of that kind: the call ends, so does the container with
// all that is in it, and the next call has a new one.
func (d death) run(t *testing.T, a *arena) {
	name := fmt.Sprintf("death-%s-%s", d.before["how"], d.how["how"])
	hostile(t, &a.Client, name, d.limit)
	before := onlyContainer(t, name, func() { answer(t, call(t, &a.Client, name, d.before)) })
	rec := call(t, &a.Client, name, d.how)
	text := string(rec.Response.Result)
	if rec.Response.Status != "action developer error" || !slices.ContainsFunc(d.texts, func(want string) bool { return strings.Contains(text, want) }) {
		t.Errorf("ended as %s with %s, want an action developer error with one of %q", rec.Response.Status, text, d.texts)
	}
	ok(t, platform.Poll(patient(t), func() error {
		if slices.Contains(containersOf(t, name), before) {
			return fmt.Errorf("container %s is still there", before)
		}
		return nil
	}))
	if rec := result(t, &a.Client, name, harmless, `{"got":"65534"}`); !rec.Cold() {
		t.Error("the call after it was warm")
	}
}

// containersOf are the containers of this run for an action of guest's.
func containersOf(t *testing.T, action string) []string {
	t.Helper()
	found, err := daemon(t).ContainerList(patient(t), container.ListOptions{All: true, Filters: filters.NewArgs(
		filters.Arg("label", engine.LabelAction+"=/guest/"+action), filters.Arg("label", engine.LabelDeployment))})
	ok(t, err)
	var ids []string
	for _, c := range found {
		if strings.HasPrefix(c.Labels[engine.LabelDeployment], thisRun) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// onlyContainer waits until an action has one container. Before each look it
// makes the call, if there is one: a container goes after a call whose logs a
// slow machine has not brought in time.
func onlyContainer(t *testing.T, action string, call func()) (id string) {
	t.Helper()
	ok(t, platform.Poll(patient(t), func() error {
		if call != nil {
			call()
		}
		ids := containersOf(t, action)
		if len(ids) != 1 {
			return fmt.Errorf("containers of %s: %v, want one", action, ids)
		}
		id = ids[0]
		return nil
	}))
	return id
}

// awaitRest waits until a container uses no processor time.
func awaitRest(t *testing.T, id string) error {
	t.Helper()
	ctx, d := patient(t), daemon(t)
	var used uint64
	since := time.Now()
	for {
		now, err := processorTime(ctx, d, id)
		switch {
		case err != nil:
			return err
		case now != used:
			used, since = now, time.Now()
		case time.Since(since) > 2*time.Second:
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func processorTime(ctx context.Context, d *client.Client, id string) (uint64, error) {
	r, err := d.ContainerStatsOneShot(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("ask for processor time: %w", err)
	}
	defer r.Body.Close()
	var s container.StatsResponse
	if err := json.NewDecoder(r.Body).Decode(&s); err != nil {
		return 0, fmt.Errorf("read processor time: %w", err)
	}
	return s.CPUStats.CPUUsage.TotalUsage, nil
}

package docker_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/docker/docker/api/types/container"

	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/engine/docker"
	"github.com/hearth-faas/hearth/worker/engine/enginetest"
)

// A worker that comes after one that died finds its containers, frozen and
// with their sandboxes, and no others.
func TestOrphans(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "hearth")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	of := func(deployment, boot string, sandboxes int) *docker.Docker {
		return setup(t, func(o *docker.Options) {
			o.Deployment, o.Boot, o.Dir, o.Sandboxes = deployment+"-"+shared.run, boot, dir, sandboxes
		})
	}
	neighbour := of("north", "first", -1)
	// What is set up last ends first: the clean-up of the second boot looks at
	// the whole deployment, so it has to come after that of the first.
	after := of("south", "second", -1)
	before := of("south", "first", 1)

	enginetest.Await(t, "a ready sandbox", func() bool { return len(containers(t, "south-"+shared.run)) > 0 })
	target := func(d *docker.Docker) enginetest.Target { return enginetest.Target{Engine: d, Image: shared.image} }
	kept := enginetest.Create(t, target(neighbour), nil)
	running := enginetest.Create(t, target(before), nil)
	frozen := enginetest.Create(t, target(before), nil)
	if err := before.Pause(t.Context(), frozen.ID); err != nil {
		t.Fatalf("Pause: %v", err)
	}

	found, err := after.List(t.Context())
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	seen := map[string]bool{}
	for _, l := range found {
		seen[l.ID] = true
		if l.Labels[engine.LabelBoot] != "first" {
			t.Errorf("listed %v, want only what the first boot made", l.Labels)
		}
	}
	if !seen[running.ID] || !seen[frozen.ID] || seen[kept.ID] {
		t.Errorf("listed %v, want the containers of this deployment and no others", seen)
	}
	for _, id := range []string{running.ID, frozen.ID} {
		if err := after.Remove(t.Context(), id); err != nil {
			t.Errorf("Remove: %v", err)
		}
	}
	running.Output.AwaitClose(t) // as for anyone who still listens
	frozen.Output.AwaitClose(t)
	kept.Get(t, "/ticks")
}

func TestRemoveOfContainerThatDockerPaused(t *testing.T) {
	t.Parallel()
	d := setup(t, nil)
	b := enginetest.Create(t, enginetest.Target{Engine: d, Image: shared.image}, nil)
	if err := shared.client.ContainerPause(t.Context(), b.ID); err != nil {
		t.Fatalf("docker pause: %v", err)
	}
	if status, err := d.Inspect(t.Context(), b.ID); err != nil || !status.Paused {
		t.Errorf("Inspect = %+v, %v, want paused", status, err)
	}
	if err := d.Remove(t.Context(), b.ID); err != nil {
		t.Errorf("Remove: %v", err)
	}
	b.Output.AwaitClose(t)
}

func TestContainerRemovedBehindOurBack(t *testing.T) {
	t.Parallel()
	d := setup(t, nil)
	b := enginetest.Create(t, enginetest.Target{Engine: d, Image: shared.image}, nil)
	if err := shared.client.ContainerRemove(t.Context(), b.ID, container.RemoveOptions{Force: true}); err != nil {
		t.Fatalf("docker rm: %v", err)
	}
	b.Output.AwaitClose(t)
	if _, err := d.Inspect(t.Context(), b.ID); !errors.Is(err, engine.ErrGone) {
		t.Errorf("Inspect = %v, want ErrGone", err)
	}
	if err := d.Remove(context.WithoutCancel(t.Context()), b.ID); err != nil {
		t.Errorf("Remove: %v", err)
	}
}

func TestNoSuchProgram(t *testing.T) {
	t.Parallel()
	b, err := enginetest.TryCreate(t.Context(), t, enginetest.Target{Engine: setup(t, nil), Image: shared.broken}, nil)
	if !errors.Is(err, engine.ErrCommand) {
		t.Errorf("Create = %v, want ErrCommand", err)
	}
	b.Output.AwaitClose(t)
}

func TestNew(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*docker.Options){
		"nok, no deployment": func(o *docker.Options) { o.Deployment = "" },
		"nok, no boot":       func(o *docker.Options) { o.Boot = "" },
		"nok, no folder":     func(o *docker.Options) { o.Dir = "" },
		"nok, a folder too long": func(o *docker.Options) {
			o.Dir += "/a/folder/whose/path/is/much/too/long/for/the/socket/that/is/to/be/made/in/it"
		},
		"nok, a network that is no bridge":   func(o *docker.Options) { o.Network = "none" },
		"nok, an address that is no address": func(o *docker.Options) { o.Host = "nowhere" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, err := os.MkdirTemp("", "hearth")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			options := docker.Options{Deployment: "d", Worker: "w", Boot: "b", Dir: dir, Network: shared.network}
			change(&options)
			if _, err := docker.New(t.Context(), options); err == nil {
				t.Error("New gave no error")
			}
		})
	}
}

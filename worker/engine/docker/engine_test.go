package docker_test

import (
	"cmp"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/engine/docker"
	"github.com/hearth-faas/hearth/worker/engine/enginetest"
)

// anotherRuntime is a second name of runc that every daemon knows.
const anotherRuntime = "io.containerd.runc.v2"

func TestEngine(t *testing.T) {
	t.Parallel()
	enginetest.Run(t, enginetest.Target{Engine: setup(t, nil), Image: shared.image, Memory: true, Rounds: rounds(t)})
}

// rounds is how often a container is made that prints and dies. Ten take
// seconds; HEARTH_ROUNDS says otherwise.
func rounds(t *testing.T) int {
	t.Helper()
	text := cmp.Or(os.Getenv("HEARTH_ROUNDS"), "10")
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("HEARTH_ROUNDS is %q, want a number", text)
	}
	return n
}

func TestEngineWithoutSandboxes(t *testing.T) {
	t.Parallel()
	d := setup(t, func(o *docker.Options) { o.Sandboxes = -1 })
	enginetest.Run(t, enginetest.Target{Engine: d, Image: shared.image, Memory: true, Rounds: 3})
}

func TestEngineOfForeignImages(t *testing.T) {
	t.Parallel()
	enginetest.Run(t, enginetest.Target{
		Engine: setup(t, nil), Image: shared.exposed, Foreign: true, Memory: true, Rounds: 3,
	})
}

// TestEngineWithARuntimeOfItsOwn uses the one that the daemon has, under a
// name that it does not use by itself.
func TestEngineWithARuntimeOfItsOwn(t *testing.T) {
	t.Parallel()
	d := setup(t, func(o *docker.Options) { o.Runtime = anotherRuntime })
	enginetest.Run(t, enginetest.Target{Engine: d, Image: shared.image, Memory: true, Rounds: 3})
}

func TestRuntimeOfAContainer(t *testing.T) {
	t.Parallel()
	target := enginetest.Target{Engine: setup(t, nil), Image: shared.image}
	own := enginetest.Create(t, target, func(s *engine.Spec) { s.Runtime = anotherRuntime })
	if got := inspect(t, own.ID).HostConfig; got.Runtime != anotherRuntime || got.NetworkMode.IsContainer() || len(got.Mounts) > 0 {
		t.Errorf("runtime %q, network %q, mounts %v: want %s in a sandbox of its own, without the host's folder",
			got.Runtime, got.NetworkMode, got.Mounts, anotherRuntime)
	}
	if own.Network != "tcp" {
		t.Errorf("called over %s, want tcp", own.Network)
	}
	_, err := target.Engine.Create(t.Context(), engine.Spec{Image: shared.image, Memory: 64, Runtime: "no-such-runtime"})
	if err == nil || !strings.Contains(err.Error(), "no-such-runtime") {
		t.Errorf("a runtime that is not there: got %v, want an error that names it", err)
	}
}

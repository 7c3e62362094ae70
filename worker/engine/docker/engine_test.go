package docker_test

import (
	"testing"

	"github.com/hearth-faas/hearth/worker/engine/docker"
	"github.com/hearth-faas/hearth/worker/engine/enginetest"
)

func TestEngine(t *testing.T) {
	t.Parallel()
	enginetest.Run(t, enginetest.Target{Engine: setup(t, nil), Image: shared.image, Memory: true, Rounds: 10})
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

// Package enginetest is the conformance suite of the engines: what the pool
// and the worker rely on, whatever runs the containers.
package enginetest

import (
	"testing"

	"github.com/hearth-faas/hearth/worker/engine"
)

// Target is an engine to be tested.
type Target struct {
	// Engine is the engine, whose background loops run.
	Engine engine.Engine
	// Image is what Build made, under the name by which the engine knows it.
	Image string
	// Foreign makes containers as for an image that is not ours.
	Foreign bool
	// Memory says that the engine limits memory.
	Memory bool
	// Rounds is how often the test for lost output is repeated.
	Rounds int
}

// Run runs the whole suite.
func Run(t *testing.T, target Target) {
	t.Helper()
	cases := []struct {
		name string
		run  func(*testing.T, Target)
	}{
		{"says who it is", testPing},
		{"a container gets its environment and answers", testAnswers},
		{"a container gets its files, and they go with it", testFiles},
		{"output comes from the first byte and before a line ends", testFirstOutput},
		{"a line without an end is not lost when the container exits", testLastOutput},
		{"a writer that fails does not hold the container up", testFailingWriter},
		{"a paused container does nothing until it is resumed", testPause},
		{"pause and resume may be repeated", testPauseTwice},
		{"a container that has ended cannot be paused and tells its exit code", testEnded},
		{"a container is removed in every state, and more than once", testRemove},
		{"a container that is gone says so", testGone},
		{"a program that ends at once is reported with its exit code", testEarlyExit},
		{"an exit code of 127 means that there is no such program", testNoCommand},
		{"a program that never listens is given up and removed", testDeaf},
		{"a caller who gives up leaves nothing behind", testCancel},
		{"an image that is nowhere is reported as such", testNoImage},
		{"containers made at once are apart", testParallel},
		{"the list has labels and the state", testList},
	}
	if target.Memory {
		cases = append(cases, []struct {
			name string
			run  func(*testing.T, Target)
		}{
			{"out of memory: the program itself is killed", testOutOfMemory},
			{"out of memory: only a child is killed and the container lives", testChildOutOfMemory},
			{"a kill is not taken for lack of memory", testKilled},
		}...)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, target)
		})
	}
}

func testPing(t *testing.T, target Target) {
	info, err := target.Engine.Ping(t.Context())
	if err != nil {
		t.Fatalf("Ping: %v", err)
	}
	if info.Name == "" || info.Version == "" || info.OCIRuntime == "" {
		t.Errorf("Ping = %+v, want name, version and runtime", info)
	}
}

// Package queue is the door to asynq: it turns an accepted activation into a
// task that one worker gets, and rings that worker's doorbell so that nobody
// polls. A task carries the activation's Ref and nothing else.
//
// asynq delivers and does no more. Its retries, time limits, archive and
// retention are set so that they never decide the fate of an activation: the
// attempt number of the record (see package store) fences every write, and
// the reconciler of package control ends or requeues what a worker leaves.
package queue

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/hearth-faas/hearth/core"
)

// Overflow is the queue that every worker serves: it takes what the queues
// of the workers have no room for.
const Overflow = "default"

// Background is the queue that every worker serves with what time it has left:
// it takes what Overflow would, of those that nobody waits for.
const Background = "background"

// Handler runs one task. It returns nil when the task is settled, whatever
// became of the action; an error means that the task must be tried again.
// Its ctx ends when the server's drain budget is used up.
type Handler func(ctx context.Context, ref core.Ref) error

// Task is an activation on its way to a worker.
type Task struct {
	core.Ref
	Queue string
	// Attempt is how often the activation has been claimed. It keeps apart
	// the tasks of one activation that was given back.
	Attempt int
}

// id is the name of the task within its queue: the activation id, until the
// activation has been given back once.
func (t Task) id() string {
	if t.Attempt == 0 {
		return string(t.ID)
	}
	return string(t.ID) + "." + strconv.Itoa(t.Attempt)
}

// payload is "namespace/id": all that a worker needs to claim it.
func (t Task) payload() []byte { return []byte(t.Namespace + "/" + string(t.ID)) }

func parsePayload(b []byte) (core.Ref, error) {
	namespace, id, _ := strings.Cut(string(b), "/")
	parsed, err := core.ParseActivationID(id)
	if err != nil || namespace == "" {
		return core.Ref{}, fmt.Errorf("task payload of %d bytes is no activation", len(b))
	}
	return core.Ref{Namespace: namespace, ID: parsed}, nil
}

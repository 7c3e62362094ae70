package control

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// progress is where a sequence or composition stands. Its stored form is
// read by later releases: fields may be added.
type progress struct {
	// Components of a sequence, as they were when it was invoked.
	Components []string `json:"components,omitempty"`
	// Payload of the first step.
	Payload core.JSON `json:"payload,omitempty"`
	// Steps are the ids of all activations begun, in order. The last is in
	// flight.
	Steps []core.ActivationID `json:"steps,omitempty"`
	// Wait is the time from the request to the accept, Duration the sum of
	// the steps' durations; both in µs. Memory is the most a step had, in MB.
	Wait     int64 `json:"wait,omitempty"`
	Duration int64 `json:"duration,omitempty"`
	Memory   int   `json:"memory,omitempty"`
	// Count is how many components have begun, those of nested ones included
	// where they count; Runs is how often a conductor has. A nested one may
	// begin with the numbers of its parent.
	Count int `json:"count,omitempty"`
	Runs  int `json:"runs,omitempty"`
	// Conducting says that the step in flight is a run of the conductor;
	// State is what the conductor wants back.
	Conducting bool      `json:"conducting,omitempty"`
	State      core.JSON `json:"state,omitempty"`
}

func newProgress(call Call, conductor bool) (core.JSON, error) {
	var pg progress
	pg.Payload = call.Payload
	if !call.Arrived.IsZero() {
		pg.Wait = max(0, time.Since(call.Arrived).Microseconds())
	}
	if !conductor {
		for _, name := range call.Target.Action.Exec.Components {
			pg.Components = append(pg.Components, name.Full())
		}
	}
	return pg.encode()
}

func (pg progress) encode() (core.JSON, error) {
	b, err := json.Marshal(pg)
	if err != nil {
		return nil, fmt.Errorf("encode progress: %w", err)
	}
	return b, nil
}

func decodeProgress(r *store.Record) (progress, error) {
	var pg progress
	if err := json.Unmarshal(r.Progress, &pg); err != nil {
		return pg, fmt.Errorf("decode progress of %s: %w", r.ID, err)
	}
	return pg, nil
}

// current returns the step in flight, if any.
func current(encoded core.JSON) core.ActivationID {
	var pg progress
	_ = json.Unmarshal(encoded, &pg)
	if len(pg.Steps) == 0 {
		return ""
	}
	return pg.Steps[len(pg.Steps)-1]
}

// add accounts for a step that has ended.
func (pg *progress) add(step *store.Record) {
	pg.Duration += step.Outcome.Duration.Microseconds()
	pg.Memory = max(pg.Memory, step.Limits.Memory)
}

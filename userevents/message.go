package userevents

import (
	"bytes"
	"encoding/json"

	"github.com/hearth-faas/hearth/core"
)

// message is OpenWhisk's envelope of a user event.
type message struct {
	Body      any    `json:"body"`
	EventType string `json:"eventType"`
	Source    string `json:"source"`
	Subject   string `json:"subject"`
	Timestamp int64  `json:"timestamp"` // ms since 1970
	UserID    string `json:"userId"`
	Namespace string `json:"namespace"`
}

// activation is the body of an activation that has ended. Times are
// milliseconds, memory is MB, size is bytes.
type activation struct {
	Name         string            `json:"name"`
	ActivationID core.ActivationID `json:"activationId"`
	StatusCode   core.Status       `json:"statusCode"`
	Duration     int64             `json:"duration"`
	WaitTime     int64             `json:"waitTime"`
	InitTime     int64             `json:"initTime"`
	Kind         string            `json:"kind"`
	Conductor    bool              `json:"conductor"`
	Memory       int               `json:"memory"`
	CausedBy     string            `json:"causedBy,omitempty"`
	Size         int               `json:"size"`
	UserStatus   int               `json:"userDefinedStatusCode,omitempty"`
}

// metric is the body of a limit that refused a call.
type metric struct {
	Name  string `json:"metricName"`
	Value int    `json:"metricValue"`
}

func activationOf(a *core.Activation, out core.Outcome, code int) activation {
	body := activation{
		Name: a.Action.Full(), ActivationID: a.ID, StatusCode: out.Status, Duration: out.Duration.Milliseconds(),
		WaitTime: out.WaitTime.Milliseconds(), InitTime: out.InitTime.Milliseconds(), Kind: a.Kind,
		Conductor: a.Conductor, Memory: a.Limits.Memory, Size: out.Size, UserStatus: code,
	}
	if a.Cause.Parent != "" {
		body.CausedBy = core.KindSequence
	}
	return body
}

// largest is the most of a result that is searched for a status code.
const largest = 64 << 10

// statusCode is the member statusCode of a result, or of the error in it; 0
// for none.
func statusCode(result core.JSON) int {
	if len(result) > largest || !bytes.Contains(result, []byte(`"statusCode"`)) {
		return 0
	}
	var r struct {
		StatusCode int             `json:"statusCode"`
		Error      json.RawMessage `json:"error"`
	}
	if json.Unmarshal(result, &r) != nil {
		return 0
	}
	var e struct {
		StatusCode int `json:"statusCode"`
	}
	if json.Unmarshal(r.Error, &e) == nil && e.StatusCode > 0 {
		return e.StatusCode
	}
	return max(0, r.StatusCode)
}

package whisk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hearth-faas/hearth/core"
)

// truncateTo is how much of an answer over the limit its error text quotes.
const truncateTo = 1024

// The sentences that OpenWhisk's clients know.
const (
	msgInvalidRun  = "The action did not produce a valid JSON or JSON Array response: "
	msgAbruptRun   = "The action did not produce a valid response and exited unexpectedly."
	msgAbruptInit  = "The action did not initialize and exited unexpectedly."
	msgInvalidInit = "The action failed during initialization"
	msgMemory      = "The action exhausted its memory and was aborted."
	msgTimeRun     = "The action exceeded its time limits of %d milliseconds."
	msgTimeInit    = "The action exceeded its time limits of %d milliseconds during initialization."
	msgTooLong     = "The action produced a response that exceeded the allowed length: %d > %d bytes."
	msgTooLongRest = " The truncated response was: "
)

// InitOutcome judges the answer to /init, or the error in its place. It
// returns false when the container is ready to run. limit is the action's.
func InitOutcome(a Answer, err error, limit time.Duration) (core.Outcome, bool) {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		out := Failed(core.StatusDeveloperError, fmt.Sprintf(msgTimeInit, limit.Milliseconds()))
		out.TimedOut = true
		return out, true
	case err != nil:
		return Failed(core.StatusDeveloperError, msgAbruptInit), true
	case a.Status == http.StatusOK:
		return core.Outcome{}, false
	case a.Length > core.MaxResult:
		return Failed(core.StatusDeveloperError, tooLong(a)), true
	}
	if e, ok := errorField(a.Body); ok {
		return failedWith(core.StatusDeveloperError, e), true
	}
	said := strings.TrimSpace(string(a.Body))
	if said == "" {
		return Failed(core.StatusDeveloperError, msgInvalidInit+"."), true
	}
	return Failed(core.StatusDeveloperError, msgInvalidInit+": "+said), true
}

// RunOutcome judges the answer to /run, or the error in its place. limit is
// the action's. For a broken connection the caller asks the engine first
// whether memory was the reason: see OutOfMemory.
func RunOutcome(a Answer, err error, limit time.Duration) core.Outcome {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		out := Failed(core.StatusDeveloperError, fmt.Sprintf(msgTimeRun, limit.Milliseconds()))
		out.TimedOut = true
		return out
	case err != nil:
		return Failed(core.StatusDeveloperError, msgAbruptRun)
	case a.Length > core.MaxResult:
		return Failed(core.StatusApplicationError, tooLong(a))
	}
	body := bytes.TrimSpace(a.Body)
	invalid := func() core.Outcome {
		return Failed(core.StatusDeveloperError, msgInvalidRun+string(body))
	}
	if len(body) == 0 || !json.Valid(body) {
		return invalid()
	}
	if !utf8.Valid(body) {
		body = bytes.ToValidUTF8(body, []byte("\uFFFD"))
	}
	if e, ok := errorField(body); ok {
		if a.Status == http.StatusOK {
			return failedWith(core.StatusApplicationError, e)
		}
		return failedWith(core.StatusDeveloperError, e)
	}
	if a.Status != http.StatusOK || (body[0] != '{' && body[0] != '[') {
		return invalid()
	}
	return core.Outcome{Status: core.StatusSuccess, Result: body, Size: len(body)}
}

// OutOfMemory is the outcome of an activation whose container the kernel
// killed for its memory.
func OutOfMemory() core.Outcome { return Failed(core.StatusDeveloperError, msgMemory) }

// Failed returns an outcome with the result {"error": message}.
func Failed(status core.Status, message string) core.Outcome {
	e, _ := json.Marshal(message) // a string always encodes
	return failedWith(status, e)
}

func failedWith(status core.Status, e json.RawMessage) core.Outcome {
	result := make(core.JSON, 0, len(e)+len(`{"error":}`))
	result = append(result, `{"error":`...)
	result = append(result, e...)
	result = append(result, '}')
	return core.Outcome{Status: status, Result: result, Size: len(result)}
}

func tooLong(a Answer) string {
	quoted := a.Body[:min(len(a.Body), truncateTo)]
	return fmt.Sprintf(msgTooLong, a.Length, core.MaxResult) + msgTooLongRest + strings.ToValidUTF8(string(quoted), "")
}

// errorField returns the value of the field "error" of a JSON object. Most
// results have none, and are not taken apart to find that out.
func errorField(body []byte) (json.RawMessage, bool) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] != '{' ||
		!bytes.Contains(body, []byte(`"error"`)) && !bytes.Contains(body, []byte(`\u`)) {
		return nil, false
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return nil, false
	}
	e, ok := fields["error"]
	return e, ok
}

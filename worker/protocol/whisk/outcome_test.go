package whisk_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/worker/protocol/whisk"
)

func answer(status int, body string) whisk.Answer {
	return whisk.Answer{Status: status, Body: []byte(body), Length: int64(len(body))}
}

func outcome(s core.Status, result string) core.Outcome {
	return core.Outcome{Status: s, Result: core.JSON(result), Size: len(result)}
}

func TestRunOutcome(t *testing.T) {
	t.Parallel()
	long := whisk.Answer{Status: 200, Body: []byte(strings.Repeat("é", core.MaxResult/2)), Length: core.MaxResult + 7}
	tooLong := `{"error":"The action produced a response that exceeded the allowed length: 1048583 \u003e 1048576 bytes. The truncated response was: ` +
		strings.Repeat("é", 512) + `"}`
	timedOut := outcome(core.StatusDeveloperError, `{"error":"The action exceeded its time limits of 100 milliseconds."}`)
	timedOut.TimedOut = true
	for name, tt := range map[string]struct {
		answer whisk.Answer
		err    error
		want   core.Outcome
	}{
		"200, object":                      {answer(200, `{"a":1}`), nil, outcome(0, `{"a":1}`)},
		"200, object, space around":        {answer(200, " {\"a\":1}\n"), nil, outcome(0, `{"a":1}`)},
		"200, array":                       {answer(200, `[1,{"error":1}]`), nil, outcome(0, `[1,{"error":1}]`)},
		"200, error within":                {answer(200, `{"a":{"error":1}}`), nil, outcome(0, `{"a":{"error":1}}`)},
		"200, Error is another name":       {answer(200, `{"Error":1,"x":"error"}`), nil, outcome(0, `{"Error":1,"x":"error"}`)},
		"200, error and more":              {answer(200, `{"error":{"k": 1},"b":2}`), nil, outcome(1, `{"error":{"k": 1}}`)},
		"200, error null":                  {answer(200, `{"error":null}`), nil, outcome(1, `{"error":null}`)},
		"200, error in disguise":           {answer(200, `{"\u0065rror":1}`), nil, outcome(1, `{"error":1}`)},
		"200, scalar":                      {answer(200, `"x"`), nil, outcome(2, `{"error":"The action did not produce a valid JSON or JSON Array response: \"x\""}`)},
		"200, null":                        {answer(200, `null`), nil, outcome(2, `{"error":"The action did not produce a valid JSON or JSON Array response: null"}`)},
		"200, no JSON":                     {answer(200, `{"a"`), nil, outcome(2, `{"error":"The action did not produce a valid JSON or JSON Array response: {\"a\""}`)},
		"200, nothing":                     {answer(200, ``), nil, outcome(2, `{"error":"The action did not produce a valid JSON or JSON Array response: "}`)},
		"200, not UTF-8":                   {answer(200, "{\"a\":\"\xff\"}"), nil, outcome(0, "{\"a\":\"\uFFFD\"}")},
		"502, error":                       {answer(502, `{"error":"boom","x":1}`), nil, outcome(2, `{"error":"boom"}`)},
		"400, object without error":        {answer(400, `{"x":1}`), nil, outcome(2, `{"error":"The action did not produce a valid JSON or JSON Array response: {\"x\":1}"}`)},
		"500, array":                       {answer(500, `[1]`), nil, outcome(2, `{"error":"The action did not produce a valid JSON or JSON Array response: [1]"}`)},
		"too long":                         {long, nil, outcome(1, tooLong)},
		"no answer":                        {whisk.Answer{}, fmt.Errorf("%w: reset", whisk.ErrBroken), outcome(2, `{"error":"The action did not produce a valid response and exited unexpectedly."}`)},
		"no answer in time":                {whisk.Answer{}, context.DeadlineExceeded, timedOut},
		"no answer, nobody listens at all": {whisk.Answer{}, whisk.ErrRefused, outcome(2, `{"error":"The action did not produce a valid response and exited unexpectedly."}`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := whisk.RunOutcome(tt.answer, tt.err, 100*time.Millisecond)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("outcome (-want +got):\n%s\n%s", diff, got.Result)
			}
		})
	}
}

func TestInitOutcome(t *testing.T) {
	t.Parallel()
	timedOut := outcome(core.StatusDeveloperError, `{"error":"The action exceeded its time limits of 100 milliseconds during initialization."}`)
	timedOut.TimedOut = true
	for name, tt := range map[string]struct {
		answer whisk.Answer
		err    error
		want   core.Outcome
	}{
		"200 is ready":          {answer(200, `anything`), nil, core.Outcome{}},
		"502, error":            {answer(502, `{"error":"no main"}`), nil, outcome(2, `{"error":"no main"}`)},
		"403, text":             {answer(403, "nope\n"), nil, outcome(2, `{"error":"The action failed during initialization: nope"}`)},
		"403, nothing":          {answer(403, ``), nil, outcome(2, `{"error":"The action failed during initialization."}`)},
		"502, too long":         {whisk.Answer{Status: 502, Body: []byte("b"), Length: core.MaxResult + 1}, nil, outcome(2, `{"error":"The action produced a response that exceeded the allowed length: 1048577 \u003e 1048576 bytes. The truncated response was: b"}`)},
		"no answer":             {whisk.Answer{}, whisk.ErrBroken, outcome(2, `{"error":"The action did not initialize and exited unexpectedly."}`)},
		"no answer in time":     {whisk.Answer{}, context.DeadlineExceeded, timedOut},
		"object without error":  {answer(500, `{"a":1}`), nil, outcome(2, `{"error":"The action failed during initialization: {\"a\":1}"}`)},
		"error that is no text": {answer(500, `{"error":null}`), nil, outcome(2, `{"error":null}`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, failed := whisk.InitOutcome(tt.answer, tt.err, 100*time.Millisecond)
			if diff := cmp.Diff(tt.want, got); diff != "" || failed == (name == "200 is ready") {
				t.Errorf("failed: %v, outcome (-want +got):\n%s", failed, diff)
			}
		})
	}
	if diff := cmp.Diff(outcome(2, `{"error":"The action exhausted its memory and was aborted."}`), whisk.OutOfMemory()); diff != "" {
		t.Errorf("out of memory (-want +got):\n%s", diff)
	}
}

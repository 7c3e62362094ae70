package openwhisk

import (
	"strconv"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// activationJSON is the record of an activation.
type activationJSON struct {
	Namespace    string            `json:"namespace"`
	Name         string            `json:"name"`
	Version      string            `json:"version"`
	Subject      string            `json:"subject"`
	ActivationID core.ActivationID `json:"activationId"`
	Cause        core.ActivationID `json:"cause,omitempty"`
	Start        int64             `json:"start"`
	End          *int64            `json:"end,omitempty"`
	Duration     *int64            `json:"duration,omitempty"`
	Response     responseJSON      `json:"response"`
	Logs         []string          `json:"logs"`
	Annotations  []keyValue        `json:"annotations"`
	Publish      bool              `json:"publish"`
}

type responseJSON struct {
	Result  core.JSON `json:"result,omitempty"`
	Size    int       `json:"size,omitempty"`
	Success bool      `json:"success"`
	Status  string    `json:"status"`
}

// activationItem is an activation in a list without docs. Those of triggers
// have no end, duration and statusCode.
type activationItem struct {
	Namespace    string            `json:"namespace"`
	Name         string            `json:"name"`
	Version      string            `json:"version"`
	Publish      bool              `json:"publish"`
	Annotations  []keyValue        `json:"annotations"`
	ActivationID core.ActivationID `json:"activationId"`
	Start        int64             `json:"start"`
	Cause        core.ActivationID `json:"cause,omitempty"`
	End          *int64            `json:"end,omitempty"`
	Duration     *int64            `json:"duration,omitempty"`
	StatusCode   *core.Status      `json:"statusCode,omitempty"`
}

func activationOf(a *core.Activation) activationJSON {
	return activationJSON{
		Namespace: a.Namespace, Name: a.Action.Name, Version: a.Version.String(), Subject: a.Subject,
		ActivationID: a.ID, Cause: a.Cause.Parent,
		Start: startOf(a), End: millis(a.Outcome.End), Duration: durationOf(a),
		Response: responseOf(a), Logs: logsOf(a), Annotations: annotationsOf(a),
	}
}

func activationItemOf(a *core.Activation) activationItem {
	item := activationItem{
		Namespace: a.Namespace, Name: a.Action.Name, Version: a.Version.String(),
		Annotations: annotationsOf(a), ActivationID: a.ID, Cause: a.Cause.Parent,
		Start: startOf(a), End: millis(a.Outcome.End), Duration: durationOf(a),
	}
	if a.Kind != "" {
		item.StatusCode = &a.Outcome.Status
	}
	return item
}

// Record is the activation as GET shows it, for those who get it otherwise.
func Record(a *core.Activation) ([]byte, error) { return encode(activationOf(a)) }

// startOf is when the work began, or when the activation was accepted if it
// never did.
func startOf(a *core.Activation) int64 {
	if a.Outcome.Start.IsZero() {
		return a.Accepted.UnixMilli()
	}
	return a.Outcome.Start.UnixMilli()
}

func durationOf(a *core.Activation) *int64 {
	if a.Outcome.End.IsZero() {
		return nil
	}
	ms := a.Outcome.Duration.Milliseconds()
	return &ms
}

func responseOf(a *core.Activation) responseJSON {
	out := a.Outcome
	return responseJSON{resultOf(a), out.Size, out.Status == core.StatusSuccess, out.Status.String()}
}

// resultOf is the result as JSON that can be embedded.
func resultOf(a *core.Activation) core.JSON {
	if len(a.Outcome.Result) == 0 {
		return core.JSON("{}")
	}
	return a.Outcome.Result
}

func logsOf(a *core.Activation) []string {
	switch {
	case len(a.Outcome.Rules) > 0:
		return ruleLines(a.Outcome.Rules)
	case a.Outcome.Logs == nil:
		return []string{}
	}
	return a.Outcome.Logs
}

// annotationsOf are those that OpenWhisk puts on the record of an action; a
// trigger's record, which has no kind, has none.
func annotationsOf(a *core.Activation) []keyValue {
	list := []keyValue{}
	if a.Kind == "" {
		return list
	}
	add := func(key string, value core.JSON) { list = append(list, keyValue{Key: key, Value: value}) }
	add("path", quoted(a.Action.Full()))
	add("kind", quoted(a.Kind))
	limits, _ := encode(limitsOf(a.Limits)) // numbers: cannot fail
	add("limits", limits)
	if a.Kind != core.KindUnknown {
		add("waitTime", number(a.Outcome.WaitTime))
	}
	if a.Kind == core.KindSequence {
		add("topmost", boolJSON(a.Topmost))
	} else {
		add("timeout", boolJSON(a.Outcome.TimedOut))
	}
	if a.Conductor {
		add("conductor", boolJSON(true))
	}
	if a.Outcome.InitTime > 0 {
		add("initTime", number(a.Outcome.InitTime))
	}
	if a.Cause.Parent != "" {
		add("causedBy", quoted(core.KindSequence))
	}
	if a.Outcome.Attempts > 0 {
		add("attempts", core.JSON(strconv.Itoa(a.Outcome.Attempts)))
	}
	if a.RedriveOf != "" {
		add("redriveOf", quoted(string(a.RedriveOf)))
	}
	if !a.Binding.IsZero() {
		add("binding", quoted(a.Binding.Full()))
	}
	return list
}

func quoted(s string) core.JSON {
	b, _ := encode(s) // a string: cannot fail
	return b
}

func number(d time.Duration) core.JSON { return core.JSON(strconv.FormatInt(d.Milliseconds(), 10)) }

func boolJSON(b bool) core.JSON { return core.JSON(strconv.FormatBool(b)) }

package openwhisk

import (
	"fmt"
	"net/http"

	"github.com/hearth-faas/hearth/core"
)

// ruleEntry is a line in the log of a trigger's record: what became of one
// rule, as a JSON text, which wsk reads.
type ruleEntry struct {
	StatusCode   core.Status       `json:"statusCode"`
	Success      bool              `json:"success"`
	ActivationID core.ActivationID `json:"activationId,omitempty"`
	Error        string            `json:"error,omitempty"`
	Rule         string            `json:"rule"`
	Action       string            `json:"action"`
}

func ruleEntryOf(r core.RuleResult) ruleEntry {
	e := ruleEntry{Success: true, ActivationID: r.Activation, Rule: r.Rule.Full(), Action: r.Action.Full()}
	switch {
	case r.Inactive:
		e.Success, e.StatusCode = false, core.StatusApplicationError
		e.Error = fmt.Sprintf("Rule '%s' is inactive, action '%s' was not activated.", e.Rule, e.Action)
	case r.Refusal != nil:
		f, _ := answerFor(r.Refusal)
		e.Success, e.StatusCode, e.Error = false, core.StatusApplicationError, f.text
		if f.status >= http.StatusInternalServerError {
			e.StatusCode = core.StatusInternalError
		}
	}
	return e
}

// ruleLines are the log of a trigger's record.
func ruleLines(results []core.RuleResult) []string {
	lines := make([]string, len(results))
	for i, r := range results {
		line, _ := encode(ruleEntryOf(r)) // texts and numbers: cannot fail
		lines[i] = string(line)
	}
	return lines
}

package store

import (
	"encoding/json"
	"fmt"

	"github.com/hearth-faas/hearth/core"
)

// ruleResultForm is the stored form of what became of a rule. Kind and Text
// are of its refusal.
type ruleResultForm struct {
	Rule     string `json:"rule"`
	Action   string `json:"action"`
	ID       string `json:"id,omitempty"`
	Inactive bool   `json:"inactive,omitempty"`
	Kind     string `json:"kind,omitempty"`
	Text     string `json:"text,omitempty"`
}

func encodeRuleResults(results []core.RuleResult) ([]byte, error) {
	forms := make([]ruleResultForm, len(results))
	for i, r := range results {
		forms[i] = ruleResultForm{Rule: r.Rule.String(), Action: r.Action.String(), ID: string(r.Activation), Inactive: r.Inactive}
		if r.Refusal != nil {
			forms[i].Kind, forms[i].Text = r.Refusal.Kind.String(), r.Refusal.Message
		}
	}
	text, err := json.Marshal(forms)
	if err != nil {
		return nil, fmt.Errorf("encode results of rules: %w", err)
	}
	return text, nil
}

// decodeRuleResults returns none for a text that cannot be read.
func decodeRuleResults(text string) []core.RuleResult {
	var forms []ruleResultForm
	_ = json.Unmarshal([]byte(text), &forms) // most records have none
	var results []core.RuleResult
	for _, f := range forms {
		r := core.RuleResult{Activation: core.ActivationID(f.ID), Inactive: f.Inactive}
		r.Rule, _ = core.ParseName(f.Rule, "")
		r.Action, _ = core.ParseName(f.Action, "")
		if f.Kind != "" {
			r.Refusal = &core.Error{Kind: core.ParseKind(f.Kind), Message: f.Text}
		}
		results = append(results, r)
	}
	return results
}

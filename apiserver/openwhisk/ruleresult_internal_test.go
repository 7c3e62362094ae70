package openwhisk

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/core"
)

func TestTheLogOfATriggerSaysWhatBecameOfEachRule(t *testing.T) {
	t.Parallel()
	of := func(result core.RuleResult) core.RuleResult {
		result.Rule = core.Name{Namespace: "guest", Name: "r"}
		result.Action = core.Name{Namespace: "guest", Package: "p", Name: "a"}
		return result
	}
	for _, tt := range []struct {
		name   string
		result core.RuleResult
		want   string
	}{
		{"ok, it ran", core.RuleResult{Activation: "00000000000000000000000000000001"},
			`{"statusCode":0,"success":true,"activationId":"00000000000000000000000000000001","rule":"guest/r","action":"guest/p/a"}`},
		{"nok, switched off", core.RuleResult{Inactive: true},
			`{"statusCode":1,"success":false,"error":"Rule 'guest/r' is inactive, action 'guest/p/a' was not activated.","rule":"guest/r","action":"guest/p/a"}`},
		{"nok, the caller's fault", core.RuleResult{Refusal: core.Errorf(core.KindThrottled, "too many")},
			`{"statusCode":1,"success":false,"error":"too many","rule":"guest/r","action":"guest/p/a"}`},
		{"nok, the platform's fault", core.RuleResult{Refusal: &core.Error{Kind: core.KindInternal}},
			`{"statusCode":3,"success":false,"error":"There was an internal server error.","rule":"guest/r","action":"guest/p/a"}`},
		{"nok, a dependency's fault", core.RuleResult{Refusal: &core.Error{Kind: core.KindUnavailable}},
			`{"statusCode":3,"success":false,"error":"The server is currently unavailable (because it is overloaded or down for maintenance).","rule":"guest/r","action":"guest/p/a"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff([]string{tt.want}, ruleLines([]core.RuleResult{of(tt.result)})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

package core

// RuleResult is what became of one rule when its trigger fired.
type RuleResult struct {
	Rule, Action Name
	// Activation is the action's, that the rule made; empty when it made none,
	// which is because of Inactive or Refusal.
	Activation ActivationID
	Inactive   bool // the rule was switched off
	// Refusal says why the action was not invoked. It has no message where the
	// reason is not for the owner of the rule: KindInternal, KindUnavailable.
	Refusal *Error
}

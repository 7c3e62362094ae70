package openwhisk

import (
	"encoding/json"
	"net/http"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

const rules = "rules"

// ruleJSON is a rule; in lists it has no status.
type ruleJSON struct {
	metaJSON
	Status  string   `json:"status,omitempty"`
	Trigger pathJSON `json:"trigger"`
	Action  pathJSON `json:"action"`
}

func ruleItemOf(rule *core.Rule) ruleJSON {
	return ruleJSON{metaOf(rule.Meta), "", pathOf(rule.Trigger), pathOf(rule.Action)}
}

func ruleOf(rule *core.Rule) ruleJSON {
	out := ruleItemOf(rule)
	out.Status = ruleStatus(rule.Active)
	return out
}

func (d *Dialect) listRules(r *request) error {
	return listed(d, r, rules, core.TypeRule, d.plane.Rules, ruleItemOf)
}

func (d *Dialect) getRule(r *request) error {
	rule, err := d.plane.Rule(r.ctx(), r.who, r.name())
	if err != nil {
		return err
	}
	return r.ok(ruleOf(rule))
}

func (d *Dialect) putRule(r *request) error {
	overwrite, err := boolean(r.QueryParams(), "overwrite", false)
	if err != nil {
		return err
	}
	body, err := putBody(r.Request())
	if err != nil {
		return err
	}
	patch, err := rulePatch(body, r.who.Namespace.Name)
	if err != nil {
		return err
	}
	rule, err := d.plane.PutRule(r.ctx(), r.who, r.name(), patch, overwrite)
	if err != nil {
		return err
	}
	return r.ok(ruleOf(rule))
}

func rulePatch(body object, self string) (control.RulePatch, error) {
	var patch control.RulePatch
	for key, to := range map[string]**core.Name{"trigger": &patch.Trigger, "action": &patch.Action} {
		raw, ok := body.has(key)
		if !ok {
			continue
		}
		n, err := parseFQN(raw, self)
		if err != nil {
			return patch, err
		}
		*to = &n
	}
	var err error
	if patch.Annotations, err = body.params("annotations"); err != nil {
		return patch, err
	}
	if patch.Version, err = body.version(); err != nil {
		return patch, err
	}
	patch.Publish, err = body.publish()
	return patch, err
}

// setRule enables or disables a rule.
func (d *Dialect) setRule(r *request) error {
	body, err := putBody(r.Request())
	if err != nil {
		return err
	}
	var status string
	raw, ok := body.has("status")
	if !ok || json.Unmarshal(raw, &status) != nil || status != active && status != inactive {
		return malformed("'status' must be 'active' or 'inactive'")
	}
	if err := d.plane.SetRule(r.ctx(), r.who, r.name(), status == active); err != nil {
		return err
	}
	return r.NoContent(http.StatusOK)
}

func (d *Dialect) deleteRule(r *request) error {
	rule, err := d.plane.DeleteRule(r.ctx(), r.who, r.name())
	if err != nil {
		return err
	}
	rule.Active = false
	return r.ok(ruleOf(rule))
}

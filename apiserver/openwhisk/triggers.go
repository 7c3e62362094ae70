package openwhisk

import (
	"net/http"
	"strings"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

const triggers = "triggers"

type triggerJSON struct {
	metaJSON
	Parameters []keyValue          `json:"parameters"`
	Limits     struct{}            `json:"limits"`
	Rules      map[string]linkJSON `json:"rules,omitempty"`
}

// pathJSON is a name as rules show it, without a leading slash.
type pathJSON struct {
	Path string `json:"path"`
	Name string `json:"name"`
}

type linkJSON struct {
	Action pathJSON `json:"action"`
	Status string   `json:"status"`
}

// The states of a rule.
const (
	active   = "active"
	inactive = "inactive"
)

func ruleStatus(on bool) string {
	if on {
		return active
	}
	return inactive
}

func pathOf(n core.Name) pathJSON { return pathJSON{n.Path(), n.Name} }

func triggerOf(t *core.Trigger) triggerJSON {
	out := triggerJSON{metaJSON: metaOf(t.Meta), Parameters: paramsJSON(t.Params)}
	if len(t.Rules) > 0 {
		out.Rules = make(map[string]linkJSON, len(t.Rules))
	}
	for _, link := range t.Rules {
		out.Rules[link.Rule.Full()] = linkJSON{pathOf(link.Action), ruleStatus(link.Active)}
	}
	return out
}

func (d *Dialect) listTriggers(r *request) error {
	item := func(t *core.Trigger) metaJSON { return metaOf(t.Meta) }
	return listed(d, r, triggers, core.TypeTrigger, d.plane.Triggers, item)
}

func (d *Dialect) getTrigger(r *request) error {
	t, err := d.plane.Trigger(r.ctx(), r.who, r.name())
	if err != nil {
		return err
	}
	return r.ok(triggerOf(t))
}

func (d *Dialect) putTrigger(r *request) error {
	overwrite, err := boolean(r.QueryParams(), "overwrite", false)
	if err != nil {
		return err
	}
	body, err := putBody(r.Request())
	if err != nil {
		return err
	}
	patch, err := triggerPatch(body)
	if err != nil {
		return err
	}
	if err := d.checkFeed(r, patch.Annotations); err != nil {
		return err
	}
	t, err := d.plane.PutTrigger(r.ctx(), r.who, r.name(), patch, overwrite)
	if err != nil {
		return err
	}
	return r.ok(triggerOf(t))
}

func triggerPatch(body object) (control.TriggerPatch, error) {
	var patch control.TriggerPatch
	var err error
	if patch.Params, err = body.params("parameters"); err != nil {
		return patch, err
	}
	if patch.Annotations, err = body.params("annotations"); err != nil {
		return patch, err
	}
	if patch.Version, err = body.version(); err != nil {
		return patch, err
	}
	patch.Publish, err = body.publish()
	return patch, err
}

// checkFeed refuses a new trigger whose annotation "feed" names no entity. An
// existing one may be given any: OpenWhisk looks on create only.
func (d *Dialect) checkFeed(r *request, annotations *core.Params) error {
	if annotations == nil {
		return nil
	}
	if _, ok := annotations.Get("feed"); !ok {
		return nil
	}
	if _, err := core.ParseName(annotations.String("feed"), r.who.Namespace.Name); err == nil {
		return nil
	}
	_, err := d.plane.Trigger(r.ctx(), r.who, r.name())
	if core.KindOf(err) == core.KindNotFound {
		return badRequest("Feed name is not valid")
	}
	return err
}

func (d *Dialect) deleteTrigger(r *request) error {
	t, err := d.plane.DeleteTrigger(r.ctx(), r.who, r.name())
	if err != nil {
		return err
	}
	return r.ok(triggerOf(t))
}

// fire starts the actions of the trigger's rules. It answers before they run,
// and with 204 when there is no active rule and so nothing to record.
func (d *Dialect) fire(r *request) error {
	if err := r.own(r.name().Full()); err != nil {
		return err
	}
	if err := d.plane.Admit(r.ctx(), r.who, control.RateFire); err != nil {
		return err
	}
	if err := payloadSize(r.Request()); err != nil {
		return err
	}
	body, err := payload(r.Request())
	if err != nil {
		return err
	}
	shown := lowerHeaders(r.Request())
	delete(shown, "authorization") // the caller's own key, which no action of a rule needs
	headers, err := encode(map[string]any{"__ow_headers": shown})
	if err != nil {
		return err
	}
	once, err := onceOf(r.Request().Header)
	if err != nil {
		return err
	}
	fired, err := d.plane.Fire(r.ctx(), r.who, control.Firing{
		Trigger: r.name(), Context: headers, Payload: body, TransactionID: tid(r), APIKey: r.key.String(), Once: once,
	})
	r.replayed(once)
	if err != nil {
		return err
	}
	if fired.ID == "" {
		return r.NoContent(http.StatusNoContent)
	}
	return r.accepted(fired.ID)
}

// lowerHeaders are the headers as actions see them: lower-case names, several
// values joined. What only this server reads stays here.
func lowerHeaders(req *http.Request) map[string]string {
	out := make(map[string]string, len(req.Header)+1)
	for name, values := range req.Header {
		name = strings.ToLower(name)
		if name != "x-ow-extra-logging" {
			out[name] = strings.Join(values, ", ")
		}
	}
	out["host"] = req.Host
	return out
}

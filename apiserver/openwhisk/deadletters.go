package openwhisk

import (
	"net/http"
	"net/url"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

const deadletters = "deadletters"

// deadLetterJSON is a dead letter: its record, why it ended, and the input
// that it had.
type deadLetterJSON struct {
	activationJSON
	Reason core.Reason `json:"reason"`
	Input  core.JSON   `json:"input,omitempty"`
}

// deadLetterItem is a dead letter in a list.
type deadLetterItem struct {
	activationItem
	Reason core.Reason `json:"reason"`
}

func deadLetterItemOf(a *core.Activation) deadLetterItem {
	return deadLetterItem{activationItemOf(a), a.Outcome.Reason}
}

func deadLetterOf(a *core.Activation) deadLetterJSON {
	return deadLetterJSON{activationOf(a), a.Outcome.Reason, a.Input}
}

// redriveJSON says what became of a dead letter that was to be redriven.
type redriveJSON struct {
	RedriveOf    core.ActivationID `json:"redriveOf"`
	ActivationID core.ActivationID `json:"activationId,omitempty"`
	Error        string            `json:"error,omitempty"`
}

func deadLetterQuery(v url.Values) (control.DeadLetterQuery, error) {
	var q control.DeadLetterQuery
	page, err := listOf(v, deadletters)
	if err != nil {
		return q, err
	}
	q.Page, q.Reason = page.Page, core.Reason(v.Get("reason"))
	if q.Reason != "" && !(core.Outcome{Reason: q.Reason}).Dead() {
		return q, malformedQuery("reason", "It is 'worker lost', 'deadline', 'poison', 'expired' or 'platform'.")
	}
	if q.Name, err = activationName(v); err != nil {
		return q, err
	}
	if q.Since, err = epoch(v, "since"); err != nil {
		return q, err
	}
	q.Upto, err = epoch(v, "upto")
	return q, err
}

// selected returns the dead letters that the query selects.
func (d *Dialect) selected(r *request) ([]core.Activation, error) {
	q, err := deadLetterQuery(r.QueryParams())
	if err != nil {
		return nil, err
	}
	if err := r.own(r.namespace()); err != nil {
		return nil, err
	}
	return d.plane.DeadLetters(r.ctx(), r.who, q)
}

func (d *Dialect) listDeadLetters(r *request) error {
	list, err := d.selected(r)
	if err != nil {
		return err
	}
	return r.ok(each(list, deadLetterItemOf))
}

func (d *Dialect) getDeadLetter(r *request) error {
	if err := r.own(r.namespace()); err != nil {
		return err
	}
	a, err := d.plane.DeadLetter(r.ctx(), r.who, core.ActivationID(r.Param("id")))
	if err != nil {
		return err
	}
	return r.ok(deadLetterOf(a))
}

// redrive runs one dead letter once more.
func (d *Dialect) redrive(r *request) error {
	if err := r.own(r.namespace()); err != nil {
		return err
	}
	if err := d.plane.Admit(r.ctx(), r.who, control.RateInvoke); err != nil {
		return err
	}
	letter := core.ActivationID(r.Param("id"))
	id, err := d.plane.Redrive(r.ctx(), r.who, r.key.String(), letter, tid(r))
	if err != nil {
		return err
	}
	r.Response().Header().Set(headerActivation, string(id))
	return writeJSON(r, http.StatusAccepted, redriveJSON{RedriveOf: letter, ActivationID: id})
}

// redriveAll runs all that the query selects once more, up to its limit, and
// stops where the namespace's rates do.
func (d *Dialect) redriveAll(r *request) error {
	list, err := d.selected(r)
	if err != nil {
		return err
	}
	results := make([]redriveJSON, 0, len(list))
	for _, letter := range list {
		if err := d.plane.Admit(r.ctx(), r.who, control.RateInvoke); err != nil {
			if len(results) > 0 && core.KindOf(err) == core.KindThrottled {
				break
			}
			return err
		}
		id, err := d.plane.Redrive(r.ctx(), r.who, r.key.String(), letter.ID, tid(r))
		if err != nil && core.KindOf(err) == core.KindUnavailable {
			return err
		}
		result := redriveJSON{RedriveOf: letter.ID, ActivationID: id}
		if err != nil {
			f, _ := answerFor(err)
			result.Error = f.text
		}
		results = append(results, result)
	}
	return r.ok(results)
}

func (d *Dialect) purgeDeadLetter(r *request) error {
	if err := r.own(r.namespace()); err != nil {
		return err
	}
	n, err := d.plane.PurgeDeadLetters(r.ctx(), r.who, core.ActivationID(r.Param("id")))
	if err != nil {
		return err
	}
	if n == 0 {
		return errNotAccessible
	}
	return r.ok(map[string]int{"purged": n})
}

func (d *Dialect) purgeDeadLetters(r *request) error {
	list, err := d.selected(r)
	if err != nil {
		return err
	}
	ids := make([]core.ActivationID, len(list))
	for i, a := range list {
		ids[i] = a.ID
	}
	n, err := d.plane.PurgeDeadLetters(r.ctx(), r.who, ids...)
	if err != nil {
		return err
	}
	return r.ok(map[string]int{"purged": n})
}

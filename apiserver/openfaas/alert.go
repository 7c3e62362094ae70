package openfaas

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// alertsJSON is what Alertmanager posts; only the status of each alert counts.
type alertsJSON struct {
	Alerts []struct {
		Status string `json:"status"`
		Labels struct {
			Function string `json:"function_name"`
		} `json:"labels"`
	} `json:"alerts"`
}

// alert scales functions up by a step for each alert that fires, and to their
// least for each that does not any more. Functions that are no more are
// ignored.
func (d *Dialect) alert(r *request) error {
	var in alertsJSON
	body, err := r.body()
	if err != nil {
		return err
	}
	if json.Unmarshal(body, &in) != nil {
		return core.Errorf(core.KindInvalid, "Unable to parse alert, bad format.")
	}
	var failed []string
	for _, a := range in.Alerts {
		if err := d.heed(r, a.Labels.Function, a.Status == "firing"); err != nil {
			failed = append(failed, fmt.Sprintf("%s: %s", a.Labels.Function, err))
		}
	}
	if len(failed) > 0 {
		return &failure{http.StatusInternalServerError, strings.Join(failed, "\n") + "\n"}
	}
	return r.NoContent(http.StatusOK)
}

func (d *Dialect) heed(r *request, function string, firing bool) error {
	who, name, err := d.addressed(r, function, "")
	if err != nil {
		return ignoreAbsent(err)
	}
	return ignoreAbsent(d.step(r.ctx(), who, name, firing))
}

func (d *Dialect) step(ctx context.Context, who core.Subject, name core.Name, firing bool) error {
	a, err := d.plane.Function(ctx, who, name)
	if err != nil {
		return err
	}
	least, most := control.ScaleBounds(a.Function)
	step := (most*control.ScaleFactor(a.Function) + 99) / 100
	want := least
	switch {
	case firing && step > 0:
		want = min(a.Replicas+step, most)
	case control.ScaleFactor(a.Function) == 0:
		return nil // scaling by load is switched off
	}
	if want == a.Replicas {
		return nil
	}
	return d.plane.ScaleFunction(ctx, who, name, want)
}

func ignoreAbsent(err error) error {
	if k := core.KindOf(err); k == core.KindNotFound || k == core.KindInvalid {
		return nil
	}
	return err
}

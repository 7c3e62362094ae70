package console

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// triggers shows each trigger with its rules: where an event goes.
func (c *Console) triggers(ctx echo.Context) error {
	return c.triggersPage(ctx, nil)
}

func (c *Console) triggersPage(ctx echo.Context, failure error) error {
	p := page{Title: "Triggers"}
	rc, who := ctx.Request().Context(), subject(ctx)
	list, err := c.plane.Triggers(rc, who, who.Namespace.Name, control.Page{})
	if err != nil {
		return c.failed(ctx, err, "error.html", p)
	}
	full := make([]*core.Trigger, 0, len(list))
	for _, t := range list {
		one, err := c.plane.Trigger(rc, who, t.Name)
		if core.KindOf(err) == core.KindNotFound && err != nil {
			continue // deleted since the list was read
		}
		if err != nil {
			return c.failed(ctx, err, "error.html", p)
		}
		full = append(full, one)
	}
	p.Body = full
	if failure != nil {
		return c.failed(ctx, failure, "triggers.html", p)
	}
	return c.render(ctx, http.StatusOK, "triggers.html", p)
}

func (c *Console) fire(ctx echo.Context) error {
	rc, who := ctx.Request().Context(), subject(ctx)
	name := core.Name{Namespace: who.Namespace.Name, Name: ctx.Param("name")}
	if err := c.plane.Admit(rc, who, control.RateFire); err != nil {
		return c.triggersPage(ctx, err)
	}
	fired, err := c.plane.Fire(rc, who, control.Firing{Trigger: name})
	if err != nil {
		return c.triggersPage(ctx, err)
	}
	if fired.ID == "" {
		return c.triggersPage(ctx, core.Errorf(core.KindConflict, "The trigger has no active rule: nothing ran."))
	}
	return ctx.Redirect(http.StatusSeeOther, Path+"/")
}

func (c *Console) setRule(ctx echo.Context) error {
	who := subject(ctx)
	name := core.Name{Namespace: who.Namespace.Name, Name: ctx.Param("name")}
	if err := c.plane.SetRule(ctx.Request().Context(), who, name, ctx.FormValue("active") == "true"); err != nil {
		return c.triggersPage(ctx, err)
	}
	return ctx.Redirect(http.StatusSeeOther, Path+"/triggers")
}

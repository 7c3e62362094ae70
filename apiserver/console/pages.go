package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/apiserver/tail"
	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// shown is how many activations a page lists and plots.
const shown = 100

type overviewBody struct {
	Summary     summary
	Plot        plot
	Activations []core.Activation
	Name        string
}

func (c *Console) overview(ctx echo.Context) error {
	p := page{Title: "Activations"}
	name := ctx.QueryParam("name")
	list, err := c.activations(ctx, name)
	if err != nil {
		return c.failed(ctx, err, "error.html", p)
	}
	p.Body = overviewBody{Summary: summarize(list), Plot: newPlot(list), Activations: list, Name: name}
	return c.render(ctx, http.StatusOK, "overview.html", p)
}

func (c *Console) activations(ctx echo.Context, name string) ([]core.Activation, error) {
	return c.plane.Activations(ctx.Request().Context(), subject(ctx), control.ActivationQuery{
		Page: control.Page{Limit: shown}, Name: name,
	})
}

func (c *Console) activation(ctx echo.Context) error {
	p := page{Title: "Activation"}
	id, err := core.ParseActivationID(ctx.Param("id"))
	if err != nil {
		return c.failed(ctx, err, "error.html", p)
	}
	a, err := c.plane.Activation(ctx.Request().Context(), subject(ctx), id)
	if err != nil && core.KindOf(err) == core.KindNotFound {
		p.Body = id
		return c.render(ctx, http.StatusNotFound, "pending.html", p)
	}
	if err != nil {
		return c.failed(ctx, err, "error.html", p)
	}
	p.Title, p.Body = a.Action.Local(), a
	return c.render(ctx, http.StatusOK, "activation.html", p)
}

// follow serves the lines of an activation to the script of its page.
func (c *Console) follow(ctx echo.Context) error {
	id, err := core.ParseActivationID(ctx.Param("id"))
	if err == nil {
		err = tail.Serve(ctx, c.plane, subject(ctx), id)
	}
	if err != nil {
		return c.failed(ctx, err, "error.html", page{Title: "Activation"})
	}
	return nil
}

func (c *Console) actions(ctx echo.Context) error {
	p := page{Title: "Actions"}
	who := subject(ctx)
	list, err := c.plane.Actions(ctx.Request().Context(), who, who.Namespace.Name, "", control.Page{})
	if err != nil {
		return c.failed(ctx, err, "error.html", p)
	}
	p.Body = list
	return c.render(ctx, http.StatusOK, "actions.html", p)
}

type actionBody struct {
	Action  *core.Action
	Code    string // empty when it is binary or none
	Payload string
	Plot    plot
	Summary summary
	Recent  []core.Activation
}

func (c *Console) action(ctx echo.Context) error {
	return c.actionPage(ctx, http.StatusOK, "{}", nil)
}

// actionPage shows the action, with the payload in its form and the failure
// of an invocation, if any.
func (c *Console) actionPage(ctx echo.Context, code int, payload string, failure error) error {
	p := page{Title: "Action"}
	name, err := local(ctx)
	if err != nil {
		return c.failed(ctx, err, "error.html", p)
	}
	a, err := c.plane.Action(ctx.Request().Context(), subject(ctx), name, true)
	if err != nil {
		return c.failed(ctx, err, "error.html", p)
	}
	list, err := c.activations(ctx, name.Local())
	if err != nil {
		return c.failed(ctx, err, "error.html", p)
	}
	body := actionBody{Action: a, Payload: payload, Plot: newPlot(list), Summary: summarize(list), Recent: list}
	if !a.Exec.Binary {
		body.Code = string(a.Exec.Code)
	}
	p.Title, p.Body = name.Local(), body
	if failure != nil {
		return c.failed(ctx, failure, "action.html", p)
	}
	return c.render(ctx, code, "action.html", p)
}

func (c *Console) invoke(ctx echo.Context) error {
	payload := ctx.FormValue("payload")
	name, err := local(ctx)
	if err != nil {
		return c.failed(ctx, err, "error.html", page{Title: "Action"})
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(payload), &object); err != nil {
		return c.actionPage(ctx, http.StatusBadRequest, payload, core.Errorf(core.KindInvalid, "The payload is not a JSON object: %v", err))
	}
	id, err := c.run(ctx, name, core.JSON(payload))
	if err != nil {
		return c.actionPage(ctx, http.StatusBadRequest, payload, err)
	}
	return ctx.Redirect(http.StatusSeeOther, Path+"/activations/"+string(id))
}

// quick is how long the form waits for the end of what it invoked, before it
// leads to the page that shows what runs.
const quick = time.Second

// run invokes, and waits for a quick end.
func (c *Console) run(ctx echo.Context, name core.Name, payload core.JSON) (core.ActivationID, error) {
	rc, who := ctx.Request().Context(), subject(ctx)
	if err := c.plane.Admit(rc, who, control.RateInvoke); err != nil {
		return "", err
	}
	target, err := c.plane.Resolve(rc, who, name)
	if err != nil {
		return "", err
	}
	a, err := c.plane.InvokeAndWait(rc, control.Call{
		Subject: who, Target: target, Payload: payload, APIKey: apiKey(ctx),
	}, quick)
	if err != nil {
		return "", err
	}
	return a.ID, nil
}

// local reads "[pkg/]name" from the rest of the path.
func local(ctx echo.Context) (core.Name, error) {
	rest, err := url.PathUnescape(ctx.Param("*"))
	if err != nil {
		return core.Name{}, core.Errorf(core.KindInvalid, "The address is not valid.")
	}
	name := core.ParseLocal(subject(ctx).Namespace.Name, rest)
	return name, name.Valid()
}

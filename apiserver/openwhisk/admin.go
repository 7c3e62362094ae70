package openwhisk

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// Admin is what the operator's endpoints need. They are not there without a
// User.
type Admin struct {
	// User and Password are the operator's, sent as Basic credentials. They are
	// no key of a namespace.
	User, Password string
	// Disable makes the server say that it is not ready, for POST /disable.
	Disable func()
}

// mountAdmin adds the operator's endpoints, in OpenWhisk those of a
// controller.
func (d *Dialect) mountAdmin(e *echo.Echo) {
	if d.opt.Admin.User == "" {
		return
	}
	e.GET("/invokers", d.operator(d.invokers))
	e.GET("/invokers/healthy/count", d.operator(d.countHealthy))
	e.GET("/invokers/ready", d.operator(d.invokersReady))
	e.GET("/activation", d.operator(d.active))
	e.GET("/activation/count", d.operator(d.countActive))
	e.POST("/disable", d.operator(d.disable))
}

// operator wraps the handler of a route that is for the operator alone.
func (d *Dialect) operator(h handler) echo.HandlerFunc {
	return d.public(func(r *request) error {
		user, password, ok := r.Request().BasicAuth()
		if !ok {
			return errNoCredentials
		}
		// Both are compared, so that it takes as long for a wrong name.
		name, secret := equal(user, d.opt.Admin.User), equal(password, d.opt.Admin.Password)
		if !name || !secret {
			return errBadCredentials
		}
		return h(r)
	})
}

// invokers shows the state of each worker, under its name and the process'.
func (d *Dialect) invokers(r *request) error {
	hands, err := d.plane.Hands(r.ctx())
	if err != nil {
		return err
	}
	states := map[string]string{}
	for _, h := range hands {
		states[h.ID+"/"+h.Boot] = invokerState(h)
	}
	return r.ok(states)
}

// invokerState uses OpenWhisk's words: an unhealthy invoker is there and gets
// no work.
func invokerState(h control.Hand) string {
	switch {
	case !h.Lives:
		return "down"
	case h.Drains:
		return "unhealthy"
	}
	return "up"
}

func (d *Dialect) countHealthy(r *request) error {
	healthy, _, err := d.health(r)
	if err != nil {
		return err
	}
	return r.ok(healthy)
}

// invokersReady is 500 unless all workers are healthy, and there is one.
func (d *Dialect) invokersReady(r *request) error {
	healthy, all, err := d.health(r)
	if err != nil {
		return err
	}
	share := fmt.Sprintf("%d/%d", healthy, all)
	if healthy < all || all == 0 {
		return writeJSON(r, http.StatusInternalServerError, map[string]string{"unhealthy": share})
	}
	return r.ok(map[string]string{"healthy": share})
}

func (d *Dialect) health(r *request) (healthy, all int, err error) {
	hands, err := d.plane.Hands(r.ctx())
	for _, h := range hands {
		if h.Healthy() {
			healthy++
		}
	}
	return healthy, len(hands), err
}

// maxActive bounds the list of activations, for each namespace and state.
const maxActive = 1000

// active lists pairs of an id and what runs under it.
func (d *Dialect) active(r *request) error {
	list, err := d.plane.Active(r.ctx(), maxActive)
	if err != nil {
		return err
	}
	return r.ok(each(list, func(a *core.Activation) [2]string {
		return [2]string{string(a.ID), a.Action.Full()}
	}))
}

func (d *Dialect) countActive(r *request) error {
	n, err := d.plane.CountActive(r.ctx())
	if err != nil {
		return err
	}
	return r.ok(n)
}

func (d *Dialect) disable(r *request) error {
	if d.opt.Admin.Disable != nil {
		d.opt.Admin.Disable()
	}
	d.log.Warn("controller is disabled")
	return r.String(http.StatusOK, "controller is disabled")
}

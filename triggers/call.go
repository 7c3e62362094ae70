package triggers

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// call invokes the function of an event as a caller would that does not wait.
func (d *Dispatcher) call(ctx context.Context, who core.Subject, event store.Delivery) error {
	if err := d.plane.Admit(ctx, who, control.RateInvoke); err != nil {
		return err
	}
	function, err := d.plane.Function(ctx, who, event.Trigger)
	if err != nil {
		return err
	}
	var headers map[string]string
	if err := json.Unmarshal(event.Headers, &headers); err != nil {
		return core.Errorf(core.KindInvalid, "The event cannot be read.")
	}
	r := core.Request{URI: "/", Header: http.Header{}, Body: event.Payload}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	_, err = d.plane.Invoke(ctx, control.Call{
		Subject: who, Target: control.Target{Action: function}, ID: event.ID, TransactionID: string(event.ID), Request: &r,
	})
	if err != nil {
		return fmt.Errorf("call function: %w", err)
	}
	return nil
}

package main

import "context"

// triggers is the stage that turns events into activations. There is no
// source of events yet: triggers fire through the API only, and the stage
// says so.
func (x *parts) triggers() stage {
	return stage{name: "triggers", start: func(ctx context.Context) error {
		x.log.InfoContext(ctx, "no trigger source is built in, triggers are fired through the api")
		return nil
	}}
}

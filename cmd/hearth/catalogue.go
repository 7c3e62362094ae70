package main

import (
	"context"

	"github.com/hearth-faas/hearth/catalogue"
	"github.com/hearth-faas/hearth/control"
)

// catalogue is the stage that installs the public packages of whisk.system,
// where a manifest has Node.js, in which they are written.
func (x *parts) catalogue() stage {
	return stage{name: "catalogue", start: func(ctx context.Context) error {
		kind, ok := x.manifest.Resolve("nodejs:default")
		if !ok {
			x.log.InfoContext(ctx, "no catalogue is installed: the manifest has no node.js")
			return nil
		}
		plane := control.New(x.db, x.tasks, x.log, control.Options{})
		return catalogue.Install(ctx, x.db, plane, kind.Name)
	}}
}

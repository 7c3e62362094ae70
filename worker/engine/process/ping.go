package process

import (
	"context"
	"runtime"

	"github.com/hearth-faas/hearth/worker/engine"
)

// Ping describes this host; it never fails.
func (p *Process) Ping(context.Context) (engine.Info, error) {
	return engine.Info{
		Name:       "process",
		Version:    runtime.Version(),
		OCIRuntime: "none",
		Warnings:   []string{"actions run without isolation and without a memory limit, with the rights of this worker"},
	}, nil
}

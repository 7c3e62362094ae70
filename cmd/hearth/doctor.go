package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/hearth-faas/hearth/cmd/hearth/doctor"
	"github.com/hearth-faas/hearth/store"
)

type doctorCommand struct {
	operator
	sealSettings
	DockerHost string `group:"Settings" placeholder:"URL" help:"The Docker daemon; by default that of DOCKER_HOST, or its usual socket."`
	Runtimes   string `group:"Settings" placeholder:"FILE" help:"The runtimes manifest whose images are looked for."`
	Deep       bool   `help:"Also compare everything that Redis holds with what it should hold."`
}

// errUnwell says that the doctor found what does not work.
var errUnwell = errors.New("something does not work, see above")

// Run checks this machine and Redis.
func (c doctorCommand) Run(ctx context.Context, p *program) error {
	rdb, err := connect(c.address())
	if err != nil {
		return err
	}
	defer rdb.Close()
	manifest, err := readManifest(c.Runtimes)
	if err != nil {
		return err
	}
	var images []string
	for _, kind := range allKinds(manifest) {
		images = append(images, kind.Image)
	}
	checks := []doctor.Check{doctor.Redis(rdb), doctor.Docker(c.DockerHost, images)}
	if c.Deep {
		keys, err := c.keysNear(c.Data)
		if err != nil {
			return err
		}
		checks = append(checks, doctor.Data(store.NewSealing(rdb, keys)))
	}
	worst, err := doctor.Examine(ctx, p.stdout, checks...)
	if err != nil {
		return fmt.Errorf("print findings: %w", err)
	}
	if worst == doctor.Fail {
		return errUnwell
	}
	return nil
}

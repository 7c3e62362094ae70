// Package whisk speaks OpenWhisk's contract with one container: POST /init
// once, POST /run for every activation, and the sentinel lines with which the
// runtime closes each activation's logs. It also decides what an answer, or
// the lack of one, means for the activation.
package whisk

import (
	"context"
	"errors"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// What can go wrong before an answer is there. A context that ends gives its
// own error instead.
var (
	// ErrRefused: no connection could be made, so nothing was sent.
	ErrRefused = errors.New("container refuses connections")
	// ErrBroken: the connection ended before a whole answer came.
	ErrBroken = errors.New("container closed the connection")
)

// patience is how long Init tries to connect to a container that the engine
// calls ready. Run tries once: a warm container that refuses is replaced.
const patience = 5 * time.Second

// Call is one activation as the container is told of it.
type Call struct {
	Activation *core.Activation
	// Deadline is when the platform will end the attempt.
	Deadline time.Time
	// Mark is that of the container's Logs, for /init.
	Mark string
}

// Answer is what the container said.
type Answer struct {
	Status int    // of HTTP
	Body   []byte // the first core.MaxResult bytes
	Length int64  // bytes of the whole body
}

// Init gives the container its action. It may be sent once in a container's
// life, and tries to connect for some seconds.
func (c *Client) Init(ctx context.Context, call Call, exec core.Exec) (Answer, error) {
	body, err := initBody(call, exec)
	if err != nil {
		return Answer{}, err
	}
	return c.post(ctx, "/init", body, patience)
}

// Run runs the action once.
func (c *Client) Run(ctx context.Context, call Call) (Answer, error) {
	return c.post(ctx, "/run", runBody(call), 0)
}

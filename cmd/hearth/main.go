// Hearth is a serverless platform for people who have Docker hosts: one
// program that is the API server, the worker, the trigger process and the
// command line.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// version is set by the linker.
var version = "unknown"

// patience is how long further signals are taken for echoes of the first.
const patience = 2 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the program at once. But one press of Ctrl-C reaches
	// it twice where a parent hands it on, so that it counts only after a while.
	context.AfterFunc(ctx, func() { time.AfterFunc(patience, stop) })
	redis.SetLogger(quiet{})
	p := &program{env: readEnvironment(os.Environ()), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	os.Exit(p.run(ctx, os.Args[1:]))
}

// quiet is the logger of the Redis client, which has only one for the whole
// program. It repeats each failed dial; those who wanted the connection get
// the error, and log it once.
type quiet struct{}

// Printf does nothing.
func (quiet) Printf(context.Context, string, ...any) {}

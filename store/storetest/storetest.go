// Package storetest gives tests a real Redis: a private redis-server from
// PATH on a unix socket, never one that somebody else uses.
//
// Redis is for nearly every test: one server per test binary, started by the
// first caller, with a database of its own for each. Server is for tests that
// take Redis away. Both end with the test binary, however that ends.
package storetest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// databases is how many tests of one binary can hold a database at once.
const databases = 1024

// patience bounds every wait here; a busy machine takes seconds to start a
// process.
const patience = 60 * time.Second

// shared is the server of this test binary.
type shared struct {
	once sync.Once
	err  error
	proc *process // reachable for good: a collected pipe would end the server
	free chan int
}

var server shared //nolint:gochecknoglobals // the tests of a binary share a server, that is its point

// Redis returns a client of an empty database that nobody else has until t
// and its cleanups end. Databases share what Redis does not divide: published
// channels, CONFIG, the script cache. It fails t when there is no
// redis-server.
func Redis(t testing.TB) redis.UniversalClient {
	t.Helper()
	server.once.Do(server.start)
	if server.err != nil {
		t.Fatalf("start redis: %v", server.err)
	}
	var n int
	select {
	case n = <-server.free:
	default:
		t.Fatalf("more than %d databases of redis in use at once", databases)
	}
	rdb := redis.NewClient(&redis.Options{
		Network: "unix", Addr: server.proc.socket, DB: n,
		// Redis is on this machine and does not go away: an answer that takes
		// this long means a starved processor, not an outage.
		ReadTimeout: patience, WriteTimeout: patience, PoolTimeout: patience, DialTimeout: patience,
	})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := rdb.FlushDB(ctx).Err(); err != nil {
			t.Errorf("empty database %d: %v", n, err)
		}
		_ = rdb.Close()
		server.free <- n
	})
	return rdb
}

func (s *shared) start() {
	dir, err := os.MkdirTemp("", "hearth-redis-")
	if err != nil {
		s.err = err
		return
	}
	conf := fmt.Sprintf("databases %d\nsave \"\"\nappendonly no\n", databases)
	if s.proc, s.err = launch(dir, conf, true); s.err != nil {
		return
	}
	s.free = make(chan int, databases)
	for n := range databases {
		s.free <- n
	}
}

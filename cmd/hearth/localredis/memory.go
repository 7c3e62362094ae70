package localredis

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// Memory is a Redis in this process. What it holds ends with the process.
type Memory struct {
	server   *miniredis.Miniredis
	password string
}

// StartMemory starts one, on a port of the loopback interface and behind a
// password.
func StartMemory() (*Memory, error) {
	m := &Memory{server: miniredis.NewMiniRedis(), password: rand.Text()}
	m.server.RequireAuth(m.password)
	if err := m.server.Start(); err != nil {
		return nil, fmt.Errorf("start redis in this process: %w", err)
	}
	return m, nil
}

// URL returns the address in the form of --redis.
func (m *Memory) URL() string { return "redis://:" + m.password + "@" + m.server.Addr() }

// step is how exactly keys expire: the server has no clock of its own.
const step = 100 * time.Millisecond

// Run lets keys expire until ctx ends, then stops the server.
func (m *Memory) Run(ctx context.Context) error {
	defer m.server.Close()
	tick := time.NewTicker(step)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			m.server.FastForward(now.Sub(last))
			last = now
		}
	}
}

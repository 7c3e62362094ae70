package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// commonPlatform is one platform on Docker that tests share, each in names of
// its own, since starting one for each would take minutes.
type commonPlatform struct {
	once   sync.Once
	err    error
	redis  *platform.Redis
	hearth *platform.Hearth
	seen   transcript
}

var common commonPlatform

// transcript keeps all that the platform ever answered.
type transcript struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *transcript) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(b)
}

func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// shared returns the platform, started by the first test that wants it.
func shared(t *testing.T) *platform.Hearth {
	t.Helper()
	path := hearth(t)
	common.once.Do(func() { common.err = common.start(path) })
	ok(t, common.err)
	return common.hearth
}

func (c *commonPlatform) start(path string) error {
	ctx, cancel := last()
	defer cancel()
	redisDir, data := filepath.Join(folder, "redis"), filepath.Join(folder, "data")
	if err := errors.Join(os.Mkdir(redisDir, 0o700), os.Mkdir(data, 0o700)); err != nil {
		return err
	}
	var err error
	if c.redis, err = platform.NewRedis(ctx, redisDir); err != nil {
		return err
	}
	c.hearth, err = platform.Up(ctx, path, platform.Command{Dir: folder, Env: environment(c.redis.URL())}, data,
		"--redis", c.redis.URL(), "--engine", "docker")
	if err != nil {
		return err
	}
	c.hearth.Record = &c.seen
	return nil
}

// stop ends the platform and says what was wrong with its end.
func (c *commonPlatform) stop() error {
	ctx, cancel := last()
	defer cancel()
	var errs []error
	if c.hearth != nil {
		errs = append(errs, endedWell(ctx, c.hearth.Process))
	}
	if c.redis != nil {
		errs = append(errs, c.redis.Stop(ctx))
	}
	return errors.Join(errs...)
}

func endedWell(ctx context.Context, p *platform.Process) error {
	code, err := p.Stop(ctx)
	if err != nil {
		return err
	}
	if code != 0 {
		return errors.New("the shared platform ended badly:\n" + tail(p.Output()))
	}
	return nil
}

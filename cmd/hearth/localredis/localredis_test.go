package localredis_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/cmd/hearth/localredis"
)

// folder is short, unlike t.TempDir, as the path of a socket must be.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hearth-local-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// runner is what both kinds of Redis are.
type runner interface {
	URL() string
	Run(ctx context.Context) error
}

// serve runs a server and returns a client of it, and what ends the server.
func serve(t *testing.T, s runner) (*redis.Client, func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop := func() error { cancel(); return <-done }
	opt, err := redis.ParseURL(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(opt)
	t.Cleanup(func() { cancel(); _ = rdb.Close() })
	return rdb, stop
}

func start(t *testing.T, dir string) *localredis.Server {
	t.Helper()
	s, err := localredis.Start(t.Context(), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestServerKeepsItsDataAndNeverEvicts(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	rdb, stop := serve(t, start(t, dir))
	for key, want := range map[string]string{"maxmemory-policy": "noeviction", "appendonly": "yes", "port": "0"} {
		if got := rdb.ConfigGet(t.Context(), key).Val()[key]; got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if err := rdb.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Fatalf("stop: %v", err)
	}
	again, stop := serve(t, start(t, dir))
	if got := again.Get(t.Context(), "k").Val(); got != "v" {
		t.Errorf("got %q after a restart, want v", got)
	}
	if err := stop(); err != nil {
		t.Fatalf("stop: %v", err)
	}
}

func TestServerThatIsLeftIsReplaced(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	left, stop := serve(t, start(t, dir))
	if err := left.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	rdb, stopAgain := serve(t, start(t, dir))
	if got := rdb.Get(t.Context(), "k").Val(); got != "v" {
		t.Errorf("got %q from the new server, want v", got)
	}
	if err := stop(); err == nil {
		t.Error("the end of the first server was not reported")
	}
	if err := stopAgain(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func TestServerThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	if err := os.MkdirAll(filepath.Join(dir, "appendonlydir"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "appendonlydir", "appendonly.aof.manifest"), []byte("nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := localredis.Start(t.Context(), dir, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "redis.log") {
		t.Errorf("error %v, want one that names the log", err)
	}
}

func TestServerRefusesAPathThatIsTooLong(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), strings.Repeat("x", 100))
	if _, err := localredis.Start(t.Context(), dir, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("no error")
	}
}

func TestMemoryExpiresKeys(t *testing.T) {
	t.Parallel()
	m, err := localredis.StartMemory()
	if err != nil {
		t.Fatal(err)
	}
	rdb, stop := serve(t, m)
	if err := rdb.Set(t.Context(), "k", "v", 200*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(time.Minute)
	for rdb.Exists(t.Context(), "k").Val() != 0 {
		if time.Now().After(deadline) {
			t.Fatal("the key does not expire")
		}
	}
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

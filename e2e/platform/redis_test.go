package platform_test

import (
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/e2e/platform"
)

func TestRedisKeepsItsDataOverAStop(t *testing.T) {
	t.Parallel()
	ctx := soon(t)
	r, err := platform.NewRedis(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Stop(ctx) })
	long := strings.Repeat("secret ", 1000)
	if err := r.DB.Set(ctx, "k", long, 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := r.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if err := r.DB.Ping(ctx).Err(); err == nil {
		t.Error("a stopped server answers")
	}
	if err := r.Start(ctx); err != nil {
		t.Fatal(err)
	}
	dump, err := r.Dump(ctx)
	if err != nil || !strings.Contains(dump, long) {
		t.Errorf("dump of %d bytes lacks the value, error %v", len(dump), err)
	}
}

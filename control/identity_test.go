package control_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// eventually polls until ok, or the test has waited too long.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("not after 30 s: %s", what)
		case <-tick.C:
		}
	}
}

func TestCredentialsTellWhoCalls(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	for range 2 { // the second time from memory
		got, err := s.Authenticate(s.ctx, s.creds)
		s.must(err)
		if d := cmp.Diff(got, s.guest); d != "" {
			t.Errorf("got, want:\n%s", d)
		}
		wrong := s.creds
		wrong.Secret = "x" + wrong.Secret[1:] + "y"
		_, err = s.Authenticate(s.ctx, wrong)
		refused(t, err, core.KindUnauthenticated, "The supplied authentication is invalid")
	}
}

func TestABlockedNamespaceIsLockedOutWithinSeconds(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	_, err := s.Authenticate(s.ctx, s.creds)
	s.must(err)
	s.must(s.db.SetBlocked(s.ctx, "guest", true))
	eventually(t, "the key is refused", func() bool {
		_, err := s.Authenticate(s.ctx, s.creds)
		return core.KindOf(err) == core.KindUnauthenticated
	})
	eventually(t, "there is no owner", func() bool {
		_, err := s.Owner(s.ctx, "guest")
		return core.KindOf(err) == core.KindNotFound
	})
	s.must(s.db.SetBlocked(s.ctx, "guest", false))
	_, err = s.Authenticate(s.ctx, s.creds)
	s.must(err)
	_, err = s.Owner(s.ctx, "nobody")
	refused(t, err, core.KindNotFound, "")
}

func TestQuotaIsThePlatformsWithTheNamespacesOwn(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{Rates: core.Rates{InvocationsPerMinute: 1, FiresPerMinute: 2, ConcurrentInvocations: 3}})
	who := s.guest
	who.Namespace.Quota.FiresPerMinute = ptr(7)
	rates, limits, quota, err := s.Quota(s.ctx, who)
	s.must(err)
	want := core.Rates{InvocationsPerMinute: 1, FiresPerMinute: 7, ConcurrentInvocations: 3}
	if rates != want || limits != core.DefaultRange() || *quota.FiresPerMinute != 7 {
		t.Errorf("got %+v, %+v, %+v", rates, limits, quota)
	}
}

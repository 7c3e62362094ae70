package control_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// inOneMinute repeats a test that counts calls of one wall-clock minute until
// no minute ended while it ran.
func inOneMinute(t *testing.T, s *tenants, test func(who core.Subject) []string) {
	t.Helper()
	for attempt := range 5 {
		who := s.guest
		who.Namespace.Name = fmt.Sprint("attempt", attempt)
		before := s.rdb.Time(s.ctx).Val().Truncate(time.Minute)
		problems := test(who)
		if !s.rdb.Time(s.ctx).Val().Truncate(time.Minute).Equal(before) {
			continue
		}
		for _, p := range problems {
			t.Error(p)
		}
		return
	}
	t.Fatal("no attempt fitted into one minute")
}

// throttle returns what is wrong with err as the refusal of a call.
func throttle(err error, message string) []string {
	e, ok := errors.AsType[*core.Error](err)
	switch {
	case message == "" && err == nil:
		return nil
	case !ok || e.Kind != core.KindThrottled || e.Message != message:
		return []string{fmt.Sprintf("got error %v, want %q", err, message)}
	case e.RetryAfter <= 0 || e.RetryAfter > time.Minute:
		return []string{fmt.Sprintf("got RetryAfter %s", e.RetryAfter)}
	}
	return nil
}

func TestCallsOverTheRateAreRefusedAndCounted(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{Rates: core.Rates{InvocationsPerMinute: 2, FiresPerMinute: 1, ConcurrentInvocations: 10}})
	inOneMinute(t, s, func(who core.Subject) (problems []string) {
		for _, c := range []struct {
			rate control.Rate
			want string
		}{
			{control.RateInvoke, ""},
			{control.RateFire, ""},
			{control.RateInvoke, ""},
			{control.RateInvoke, "Too many requests in the last minute (count: 3, allowed: 2)."},
			{control.RateInvoke, "Too many requests in the last minute (count: 4, allowed: 2)."},
			{control.RateFire, "Too many requests in the last minute (count: 2, allowed: 1)."},
		} {
			problems = append(problems, throttle(s.Admit(s.ctx, who, c.rate), c.want)...)
		}
		return problems
	})
}

func TestAQuotaReplacesThePlatformsRates(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{Rates: core.Rates{InvocationsPerMinute: 1000, FiresPerMinute: 1000, ConcurrentInvocations: 1000}})
	for _, c := range []struct {
		name  string
		quota core.Quota
		rate  control.Rate
		want  string
	}{
		{"no invocations", core.Quota{InvocationsPerMinute: ptr(0)}, control.RateInvoke, "Too many requests in the last minute (count: 1, allowed: 0)."},
		{"no fires", core.Quota{FiresPerMinute: ptr(0)}, control.RateFire, "Too many requests in the last minute (count: 1, allowed: 0)."},
		{"no concurrency", core.Quota{ConcurrentInvocations: ptr(0)}, control.RateInvoke, "Too many concurrent requests in flight (count: 0, allowed: 0)."},
		{"concurrency does not bound fires", core.Quota{ConcurrentInvocations: ptr(0)}, control.RateFire, ""},
		{"rate comes before concurrency", core.Quota{InvocationsPerMinute: ptr(0), ConcurrentInvocations: ptr(0)}, control.RateInvoke,
			"Too many requests in the last minute (count: 1, allowed: 0)."},
		{"none", core.Quota{}, control.RateInvoke, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			inOneMinute(t, s, func(who core.Subject) []string {
				who.Namespace.Name += strings.ReplaceAll(c.name, " ", "")
				who.Namespace.Quota = c.quota
				return throttle(s.Admit(s.ctx, who, c.rate), c.want)
			})
		})
	}
}

func TestActivationsInFlightBoundInvocations(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{Rates: core.Rates{InvocationsPerMinute: 1000, ConcurrentInvocations: 3}})
	add := func(key, id string) {
		t.Helper()
		s.must(s.rdb.ZAdd(s.ctx, "hearth:{guest}:"+key, redis.Z{Score: 1, Member: id}).Err())
	}
	add("queued", "a")
	add("running", "b")
	for _, p := range throttle(s.Admit(s.ctx, s.guest, control.RateInvoke), "") {
		t.Error(p)
	}
	add("running", "c")
	for _, p := range throttle(s.Admit(s.ctx, s.guest, control.RateInvoke), "Too many concurrent requests in flight (count: 3, allowed: 3).") {
		t.Error(p)
	}
}

func TestAdmittingAndResolvingIsOneStep(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{Rates: core.Rates{InvocationsPerMinute: 1000, ConcurrentInvocations: 1000}})
	none := s.owner
	none.Namespace.Quota.InvocationsPerMinute = ptr(0)
	for _, c := range []struct {
		name string
		who  core.Subject
		of   string
		want core.Kind
	}{
		{"ok", s.owner, "/provider/hi", core.KindInternal},
		{"ok, of a public package", s.guest, "/provider/pub/hi", core.KindInternal},
		{"nok, not there", s.owner, "/provider/missing", core.KindNotFound},
		{"nok, somebody else's", s.guest, "/provider/hi", core.KindForbidden},
		{"nok, too many calls, whatever is there", none, "/provider/missing", core.KindThrottled},
	} {
		got, err := s.AdmitResolve(s.ctx, c.who, of(c.of))
		if err == nil && (c.want != core.KindInternal || got.Action.Name != of(c.of)) || err != nil && core.KindOf(err) != c.want {
			t.Errorf("%s: got %v, %v", c.name, got.Action, err)
		}
	}
}

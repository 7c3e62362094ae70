package control_test

import (
	"testing"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store/storetest"
)

func TestAnObserverIsToldOfEndsAndRefusals(t *testing.T) {
	t.Parallel()
	var ends []core.Reason
	var limits []control.Limit
	one := 1
	w := worldOn(t, storetest.Redis(t), control.Options{
		Rates: core.Rates{InvocationsPerMinute: 1 << 30, ConcurrentInvocations: 1},
		Observer: control.Observer{
			Ended:   func(_ *core.Activation, out core.Outcome) { ends = append(ends, out.Reason) },
			Refused: func(_ core.Subject, limit control.Limit) { limits = append(limits, limit) },
		},
	})
	ctx := t.Context()
	first, second := w.invoke("hi", `{}`), w.invoke("hi", `{}`)
	if err := w.plane.Admit(ctx, w.who, control.RateInvoke); core.KindOf(err) != core.KindThrottled {
		t.Errorf("got %v", err)
	}
	w.who.Namespace.Quota.InvocationsPerMinute = new(int)
	if err := w.plane.Admit(ctx, w.who, control.RateInvoke); core.KindOf(err) != core.KindThrottled {
		t.Errorf("got %v", err)
	}
	w.who.Namespace.Quota.InvocationsPerMinute = &one
	if err := w.plane.Finish(ctx, w.start(first), success(`{}`)); err != nil {
		t.Fatal(err)
	}
	if err := w.plane.Cancel(ctx, w.who, second); err != nil {
		t.Fatal(err)
	}
	if len(ends) != 2 || ends[0] != core.ReasonNone || ends[1] != core.ReasonCancelled {
		t.Errorf("got %v", ends)
	}
	if len(limits) != 2 || limits[0] != control.LimitConcurrent || limits[1] != control.LimitRate {
		t.Errorf("got %v", limits)
	}
}

func TestStoreLevels(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		level control.StoreLevel
		kept  [4]bool // by status
	}{
		{"", [4]bool{true, true, true, true}},
		{control.StoreAlways, [4]bool{true, true, true, true}},
		{control.StoreFailures, [4]bool{false, true, true, true}},
		{control.StoreNoErrors, [4]bool{false, false, true, true}},
	} {
		t.Run(string(test.level), func(t *testing.T) {
			t.Parallel()
			w := worldOn(t, storetest.Redis(t), control.Options{Store: control.StoreLevels{NonBlocking: test.level}})
			for status, want := range test.kept {
				for _, keep := range []bool{false, true} {
					id, err := w.plane.Invoke(t.Context(), control.Call{
						Subject: w.who, Target: control.Target{Action: action("hi")}, Keep: keep,
					})
					if err != nil {
						t.Fatal(err)
					}
					out := success(`{}`)
					out.Status = core.Status(status)
					if err := w.plane.Finish(t.Context(), w.start(id), out); err != nil {
						t.Fatal(err)
					}
					r, err := w.db.Activation(t.Context(), w.ref(id))
					if err != nil || r.Visible != (want || keep) {
						t.Errorf("status %d, asked to keep %v: got %v, %v", status, keep, r.Visible, err)
					}
				}
			}
			if c := w.counts(); c.Accepted != 8 || c.Done != 8 {
				t.Errorf("got %+v", c)
			}
		})
	}
}

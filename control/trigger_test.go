package control_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

func TestATriggerIsMadeAndChangedAndKeepsItsRules(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.put("/guest/a")
	name := of("/guest/t")
	put := func(patch control.TriggerPatch) *core.Trigger {
		t.Helper()
		got, err := s.PutTrigger(s.ctx, s.guest, name, patch, true)
		s.must(err)
		read, err := s.Trigger(s.ctx, s.guest, name)
		s.must(err)
		if d := cmp.Diff(read, got); d != "" {
			t.Errorf("read again: got, want:\n%s", d)
		}
		return got
	}
	ignore := cmpopts.IgnoreFields(core.Meta{}, "Revision", "Updated")
	if d := cmp.Diff(put(control.TriggerPatch{}), &core.Trigger{Meta: core.Meta{Name: name, Version: core.FirstVersion}}, ignore); d != "" {
		t.Errorf("made: got, want:\n%s", d)
	}
	s.putRule("/guest/r", "/guest/t", "/guest/a")
	links := []core.RuleLink{{Rule: of("/guest/r"), Action: of("/guest/a"), Active: true}}
	got := put(control.TriggerPatch{Params: ptr(params("p", `1`)), Annotations: ptr(params("feed", `"/_/x"`)), Publish: ptr(true)})
	want := &core.Trigger{
		Meta:   core.Meta{Name: name, Version: core.Version{Patch: 2}, Publish: true, Annotations: params("feed", `"/_/x"`)},
		Params: params("p", `1`), Rules: links,
	}
	if d := cmp.Diff(got, want, ignore); d != "" {
		t.Errorf("changed: got, want:\n%s", d)
	}
	want.Version, want.Annotations = core.Version{Minor: 4}, params("n", `1`)
	got = put(control.TriggerPatch{Annotations: ptr(params("n", `1`)), Version: &core.Version{Minor: 4}})
	if d := cmp.Diff(got, want, ignore); d != "" {
		t.Errorf("changed again: got, want:\n%s", d)
	}
	gone, err := s.DeleteTrigger(s.ctx, s.guest, name)
	s.must(err)
	if d := cmp.Diff(gone, got); d != "" {
		t.Errorf("deleted: got, want:\n%s", d)
	}
	_, err = s.Trigger(s.ctx, s.guest, name)
	refused(t, err, core.KindNotFound, notFound)
	s.sound()
}

func TestTriggersThatAreRefused(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.put("/guest/a")
	s.putTriggers("/guest/t")
	feed := func(value string) control.TriggerPatch {
		return control.TriggerPatch{Annotations: ptr(params("feed", value))}
	}
	big := ptr(params("k", `"`+strings.Repeat("x", core.MaxParameters)+`"`))
	for _, c := range []struct {
		name, trigger string
		patch         control.TriggerPatch
		update        bool
		kind          core.Kind
		message       string
	}{
		{"foreign", "/provider/t", control.TriggerPatch{}, false, core.KindForbidden, notAuthorized("provider/t")},
		{"exists", "/guest/t", control.TriggerPatch{}, false, core.KindConflict, exists},
		{"an action has the name", "/guest/a", control.TriggerPatch{}, true, core.KindConflict, otherType},
		{"feed with bad characters", "/guest/n", feed(`"/guest/$x"`), false, core.KindInvalid, "Feed name is not valid"},
		{"empty feed", "/guest/n", feed(`""`), false, core.KindInvalid, "Feed name is not valid"},
		{"feed is a number", "/guest/n", feed(`1`), false, core.KindInvalid, "Feed name is not valid"},
		{"too large parameters", "/guest/n", control.TriggerPatch{Params: big}, false, core.KindTooLarge, "parameters larger than allowed: 1048579 > 1048576 bytes."},
		{"too large annotations", "/guest/t", control.TriggerPatch{Annotations: big}, true, core.KindTooLarge, "annotations larger than allowed: 1048579 > 1048576 bytes."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := s.PutTrigger(s.ctx, s.guest, of(c.trigger), c.patch, c.update)
			refused(t, err, c.kind, c.message)
		})
	}
	if _, err := s.PutTrigger(s.ctx, s.guest, of("/guest/t"), feed(`"$"`), true); err != nil {
		t.Errorf("the feed is checked on create only: %v", err)
	}
	for _, n := range []string{"/provider/t", "/nobody/t"} {
		_, get := s.Trigger(s.ctx, s.guest, of(n))
		_, del := s.DeleteTrigger(s.ctx, s.guest, of(n))
		refused(t, get, core.KindForbidden, notAuthorized(of(n).Full()))
		refused(t, del, core.KindForbidden, notAuthorized(of(n).Full()))
	}
	_, err := s.Triggers(s.ctx, s.guest, "provider", control.Page{})
	refused(t, err, core.KindForbidden, notAuthorized("provider"))
}

func TestListsOfTriggersAreCounted(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.putTriggers("/guest/t", "/guest/u", "/guest/v")
	list, err := s.Triggers(s.ctx, s.guest, "guest", control.Page{Skip: 1, Limit: 1000})
	s.must(err)
	n, err := s.Count(s.ctx, s.guest, "guest", core.TypeTrigger, "")
	s.must(err)
	if len(list) != 2 || n != 3 {
		t.Errorf("listed %d after the first and counted %d, want 2 and 3", len(list), n)
	}
}

package control_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

const (
	tooMany    = "Too many actions in the sequence."
	none       = "No component specified for the sequence."
	itself     = "Sequence may not refer to itself."
	noSuchPart = "Sequence component does not exist."
)

func TestASequenceStoresItsComponentsUnderTheirFullNames(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.put("/guest/a")
	s.bind("/guest/b", "/provider/pub", nil)
	put := func(exec *core.Exec) *core.Action {
		t.Helper()
		a, err := s.PutAction(s.ctx, s.guest, of("/guest/s"), control.ActionPatch{Exec: exec}, true)
		s.must(err)
		return a
	}
	given := sequence("/_/a", "/_/b/hi", "/provider/pub/hi", "/guest/a")
	got := put(given)
	want := sequence("/guest/a", "/guest/b/hi", "/provider/pub/hi", "/guest/a")
	if d := cmp.Diff(got.Exec, *want); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
	if given.Components[0].Namespace != core.Self {
		t.Error("the caller's components were changed")
	}
	if d := cmp.Diff(got.Params, params("_actions", `["/guest/a","/guest/b/hi","/provider/pub/hi","/guest/a"]`)); d != "" {
		t.Errorf("parameters: got, want:\n%s", d)
	}
}

func TestSequencesThatAreRefused(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.put("/guest/a")
	s.putPackages("/guest/p")
	s.putTriggers("/guest/t")
	s.put("/guest/p/s", "/guest/p/b")
	s.bind("/guest/b", "/guest/p", nil)
	seq := func(name string, components ...string) {
		t.Helper()
		_, err := s.PutAction(s.ctx, s.guest, of(name), control.ActionPatch{Exec: sequence(components...)}, true)
		s.must(err)
	}
	repeat := func(n int, of string) []string {
		all := make([]string, n)
		for i := range all {
			all[i] = of
		}
		return all
	}
	seq("/guest/s", "/guest/a")
	seq("/guest/outer", "/guest/s", "/guest/a")
	seq("/guest/throughb", "/guest/b/s")
	seq("/guest/ten", repeat(10, "/guest/a")...)
	seq("/guest/fifty", repeat(5, "/guest/ten")...)
	s.put("/guest/dead")
	seq("/guest/broken", "/guest/dead")
	_, err := s.DeleteAction(s.ctx, s.guest, of("/guest/dead"))
	s.must(err)

	for _, c := range []struct {
		name, sequence string
		components     []string
		kind           core.Kind
		message        string
	}{
		{"none", "/guest/n", nil, core.KindInvalid, none},
		{"51", "/guest/n", repeat(51, "/guest/a"), core.KindInvalid, tooMany},
		{"51 with nested ones", "/guest/n", []string{"/guest/fifty", "/guest/a"}, core.KindInvalid, tooMany},
		{"itself, being made", "/guest/n", []string{"/guest/a", "/guest/n"}, core.KindInvalid, itself},
		{"itself, nested", "/guest/s", []string{"/guest/outer"}, core.KindInvalid, itself},
		{"itself, through a binding", "/guest/p/s", []string{"/guest/b/s"}, core.KindInvalid, itself},
		{"itself, through a binding in a nested one", "/guest/p/s", []string{"/guest/throughb"}, core.KindInvalid, itself},
		{"itself comes before a missing one", "/guest/n", []string{"/guest/x", "/guest/n"}, core.KindInvalid, itself},
		{"a missing one", "/guest/n", []string{"/guest/a", "/guest/x"}, core.KindInvalid, noSuchPart},
		{"one in a missing package", "/guest/n", []string{"/guest/q/x"}, core.KindInvalid, noSuchPart},
		{"a trigger", "/guest/n", []string{"/guest/t"}, core.KindInvalid, noSuchPart},
		{"one that lacks its component", "/guest/n", []string{"/guest/broken"}, core.KindInvalid, noSuchPart},
		{"foreign ones", "/guest/n", []string{"/provider/x", "/guest/a", "/provider/hi", "/provider/x"}, core.KindForbidden, notAuthorized("provider/hi, provider/x")},
		{"a foreign one comes before itself", "/guest/n", []string{"/guest/n", "/provider/priv/hi"}, core.KindForbidden, notAuthorized("provider/priv/hi")},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := s.PutAction(s.ctx, s.guest, of(c.sequence), control.ActionPatch{Exec: sequence(c.components...)}, true)
			refused(t, err, c.kind, c.message)
		})
	}
	for _, c := range []struct {
		name       string
		components []string
	}{
		{"50", repeat(50, "/guest/a")},
		{"50 in nested ones", []string{"/guest/fifty"}},
		{"the same sequence twice", []string{"/guest/s", "/guest/outer", "/guest/s"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := s.PutAction(s.ctx, s.guest, of("/guest/good"), control.ActionPatch{Exec: sequence(c.components...)}, true)
			s.must(err)
		})
	}
}

func TestACycleOfOtherSequencesIsCut(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	// Two writers that do not see each other can make one.
	for from, to := range map[string]string{"x": "y", "y": "x"} {
		a := &core.Action{Meta: core.Meta{Name: of("/guest/" + from), Version: core.FirstVersion}, Exec: *sequence("/guest/"+to, "/guest/"+to)}
		s.must(s.db.PutAction(s.ctx, a, ""))
	}
	_, err := s.PutAction(s.ctx, s.guest, of("/guest/s"), control.ActionPatch{Exec: sequence("/guest/x")}, false)
	refused(t, err, core.KindInvalid, tooMany)
}

func TestALongChainOfSequencesIsNoCycle(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.put("/guest/s0")
	for i := range 49 {
		name := of(fmt.Sprintf("/guest/s%d", i+1))
		_, err := s.PutAction(s.ctx, s.guest, name, control.ActionPatch{Exec: sequence(fmt.Sprintf("/guest/s%d", i))}, false)
		s.must(err)
	}
}

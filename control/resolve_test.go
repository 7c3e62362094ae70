package control_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

func TestResolveFindsWhatTheCallerMayInvoke(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.put("/guest/a")
	s.putPackages("/guest/p")
	s.put("/guest/p/a")
	s.bind("/guest/b", "/provider/pub", params("b", `2`, "c", `2`, "d", `2`))
	for _, c := range []struct {
		name, call string
		action     string
		binding    core.Name
		params     core.Params
	}{
		{"an action", "/guest/a", "/guest/a", core.Name{}, nil},
		{"a packaged action", "/guest/p/a", "/guest/p/a", core.Name{}, nil},
		{"an action of a foreign public package, package < action", "/provider/pub/hi", "/provider/pub/hi", core.Name{}, params("a", `1`, "b", `1`, "c", `1`)},
		{"through a binding, package < binding < action", "/guest/b/hi", "/provider/pub/hi", of("/guest/b"), params("a", `1`, "b", `2`, "c", `1`, "d", `2`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := s.Resolve(s.ctx, s.guest, of(c.call))
			s.must(err)
			if got.Action.Name != of(c.action) || got.Binding != c.binding || got.Action.Exec.Code != nil {
				t.Errorf("got %s through %s, code %q", got.Action.Name, got.Binding, got.Action.Exec.Code)
			}
			if d := cmp.Diff(got.Action.Params, c.params); d != "" {
				t.Errorf("parameters: got, want:\n%s", d)
			}
			shown, err := s.Action(s.ctx, s.guest, of(c.call), true)
			s.must(err)
			if d := cmp.Diff(shown.Params, c.params); d != "" || len(shown.Exec.Code) == 0 {
				t.Errorf("parameters of GET: got, want:\n%s", d)
			}
		})
	}
}

func TestMergedParametersDoNotReachOtherCallers(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	for range 3 {
		got, err := s.Resolve(s.ctx, s.guest, of("/provider/pub/hi"))
		s.must(err)
		if d := cmp.Diff(got.Action.Params, params("a", `1`, "b", `1`, "c", `1`)); d != "" {
			t.Fatalf("got, want:\n%s", d)
		}
		_ = append(got.Action.Params, params("more", `1`)...)
		got.Action.Params = nil
		got.Action.Version = core.Version{Major: 9}
	}
}

func TestWhatResolveRefuses(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.put("/guest/a")
	s.putPackages("/guest/p", "/guest/own")
	s.putTriggers("/guest/t")
	s.bind("/guest/b", "/provider/pub", nil)
	s.bind("/guest/ownbind", "/guest/own", nil)
	shared := true
	_, err := s.PutPackage(s.ctx, s.guest, of("/guest/b"), control.PackagePatch{Publish: &shared}, true)
	s.must(err)

	// Bindings whose target goes, becomes private, or becomes a binding.
	for _, n := range []string{"/provider/gone", "/provider/hidden"} {
		_, err := s.PutPackage(s.ctx, s.owner, of(n), control.PackagePatch{Publish: &shared}, false)
		s.must(err)
	}
	s.bind("/guest/togone", "/provider/gone", nil)
	s.bind("/guest/tohidden", "/provider/hidden", nil)
	_, err = s.DeletePackage(s.ctx, s.owner, of("/provider/gone"), false)
	s.must(err)
	private := false
	_, err = s.PutPackage(s.ctx, s.owner, of("/provider/hidden"), control.PackagePatch{Publish: &private}, true)
	s.must(err)
	_, err = s.DeletePackage(s.ctx, s.guest, of("/guest/own"), false)
	s.must(err)
	s.putPackages("/guest/chain")
	s.bind("/guest/tochain", "/guest/chain", nil)
	_, err = s.DeletePackage(s.ctx, s.guest, of("/guest/chain"), false)
	s.must(err)
	s.bind("/guest/chain", "/provider/pub", nil)

	for _, c := range []struct {
		name    string
		who     core.Subject
		call    string
		kind    core.Kind
		message string
	}{
		{"missing", s.guest, "/guest/x", core.KindNotFound, notFound},
		{"a trigger", s.guest, "/guest/t", core.KindConflict, otherType},
		{"a package", s.guest, "/guest/p", core.KindConflict, otherType},
		{"missing in a package", s.guest, "/guest/p/x", core.KindNotFound, notFound},
		{"missing package", s.guest, "/guest/q/x", core.KindNotFound, "The requested resource 'guest/q' does not exist."},
		{"the package is an action", s.guest, "/guest/a/x", core.KindConflict, otherType},
		{"foreign, there", s.guest, "/provider/hi", core.KindForbidden, notAuthorized("provider/hi")},
		{"foreign, missing", s.guest, "/provider/x", core.KindForbidden, notAuthorized("provider/x")},
		{"foreign private package", s.guest, "/provider/priv/hi", core.KindForbidden, notAuthorized("provider/priv/hi")},
		{"foreign missing package", s.guest, "/provider/x/hi", core.KindForbidden, notAuthorized("provider/x/hi")},
		{"foreign package that is an action", s.guest, "/provider/hi/hi", core.KindForbidden, notAuthorized("provider/hi/hi")},
		{"foreign published binding", s.owner, "/guest/b/hi", core.KindForbidden, notAuthorized("guest/b/hi")},
		{"missing behind a binding", s.guest, "/guest/b/x", core.KindNotFound, notFound},
		{"behind a binding of nothing foreign", s.guest, "/guest/togone/hi", core.KindForbidden, notAuthorized("guest/togone/hi")},
		{"behind a binding of what became private", s.guest, "/guest/tohidden/hi", core.KindForbidden, notAuthorized("guest/tohidden/hi")},
		{"behind a binding of nothing of their own", s.guest, "/guest/ownbind/hi", core.KindNotFound, "The requested resource 'guest/own' does not exist."},
		{"behind a binding of a binding", s.guest, "/guest/tochain/hi", core.KindNotFound, "The requested resource 'guest/chain' does not exist."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := s.Resolve(s.ctx, c.who, of(c.call))
			refused(t, err, c.kind, c.message)
		})
	}
}

func TestResolveSeesTheLastWrite(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	other := setupOther(s)
	for range 20 {
		put, err := s.PutAction(s.ctx, s.guest, of("/guest/a"), control.ActionPatch{Exec: code("x")}, true)
		s.must(err)
		got, err := other.Resolve(s.ctx, s.guest, of("/guest/a"))
		s.must(err)
		if got.Action.Revision != put.Revision {
			t.Fatalf("got revision %s, want %s", got.Action.Revision, put.Revision)
		}
	}
}

func BenchmarkResolve(b *testing.B) {
	s := setupTenants(b, control.Options{})
	s.put("/guest/a")
	s.bind("/guest/b", "/provider/pub", nil)
	for _, n := range []string{"/guest/a", "/provider/pub/hi", "/guest/b/hi"} {
		name := of(n)
		b.Run(n, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Resolve(s.ctx, s.guest, name); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

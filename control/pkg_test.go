package control_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

func TestAPackageIsMadeAndChanged(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	put := func(patch control.PackagePatch) *core.Package {
		t.Helper()
		p, err := s.PutPackage(s.ctx, s.guest, of("/guest/p"), patch, true)
		s.must(err)
		read, actions, err := s.Package(s.ctx, s.guest, of("/guest/p"))
		s.must(err)
		if d := cmp.Diff(read, p); d != "" || len(actions) != 0 {
			t.Errorf("read again, actions %v: got, want:\n%s", actions, d)
		}
		return p
	}
	check := func(got *core.Package, version core.Version, publish bool, p, annotations core.Params) {
		t.Helper()
		want := &core.Package{Params: p, Meta: core.Meta{
			Name: of("/guest/p"), Version: version, Publish: publish, Annotations: annotations,
			Revision: got.Revision, Updated: got.Updated,
		}}
		if d := cmp.Diff(got, want); d != "" {
			t.Errorf("got, want:\n%s", d)
		}
	}
	check(put(control.PackagePatch{Binding: &core.Name{}}), core.FirstVersion, false, nil, nil)
	check(put(control.PackagePatch{Params: ptr(params("a", `1`)), Annotations: ptr(params("n", `1`, "m", `1`)), Publish: ptr(true)}),
		core.Version{Patch: 2}, true, params("a", `1`), params("n", `1`, "m", `1`))
	check(put(control.PackagePatch{Annotations: ptr(params("o", `2`)), Version: &core.Version{Major: 2}}),
		core.Version{Major: 2}, true, params("a", `1`), params("o", `2`))
}

func TestABindingShowsItsProvider(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	annotation := params("binding", `{"namespace":"provider","name":"pub"}`)
	to := of("/provider/pub")
	b, err := s.PutPackage(s.ctx, s.guest, of("/guest/b"), control.PackagePatch{
		Binding: &to, Params: ptr(params("b", `2`, "d", `2`)), Annotations: ptr(params("binding", `"fake"`)),
	}, false)
	s.must(err)
	if d := cmp.Diff(b.Annotations, annotation); d != "" || b.Binding != to {
		t.Errorf("got binding %s; annotations got, want:\n%s", b.Binding, d)
	}
	got, actions, err := s.Package(s.ctx, s.guest, of("/guest/b"))
	s.must(err)
	if d := cmp.Diff(got.Params, params("a", `1`, "b", `2`, "d", `2`)); d != "" || got.Name != of("/guest/b") {
		t.Errorf("got %s; parameters got, want:\n%s", got.Name, d)
	}
	if len(actions) != 1 || actions[0].Name != of("/provider/pub/hi") {
		t.Errorf("got actions %v, want the provider's", actions)
	}
	if b, err = s.PutPackage(s.ctx, s.guest, of("/guest/b"), control.PackagePatch{Annotations: ptr(core.Params{})}, true); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(b.Annotations, annotation); d != "" || b.Binding != to {
		t.Errorf("after an update: got binding %s; annotations got, want:\n%s", b.Binding, d)
	}
	s.putPackages("/guest/own")
	if b, err = s.PutPackage(s.ctx, s.guest, of("/guest/b"), control.PackagePatch{Binding: ref("/_/own")}, true); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(b.Annotations, params("binding", `{"namespace":"guest","name":"own"}`)); d != "" || b.Binding != of("/guest/own") {
		t.Errorf("bound again: got binding %s; annotations got, want:\n%s", b.Binding, d)
	}
}

func TestPackagesThatAreRefused(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.put("/guest/a")
	s.putPackages("/guest/p", "/guest/full")
	s.put("/guest/full/a")
	s.bind("/guest/b", "/provider/pub", nil)
	bind := func(to string) control.PackagePatch { return control.PackagePatch{Binding: ref(to)} }
	for _, c := range []struct {
		name, pkg string
		patch     control.PackagePatch
		update    bool
		kind      core.Kind
		message   string
	}{
		{"reserved name", "/guest/default", control.PackagePatch{}, false, core.KindInvalid, "Package name 'default' is reserved."},
		{"foreign", "/provider/pub", control.PackagePatch{}, true, core.KindForbidden, notAuthorized("provider/pub")},
		{"exists", "/guest/p", control.PackagePatch{}, false, core.KindConflict, exists},
		{"an action has the name", "/guest/a", control.PackagePatch{}, true, core.KindConflict, otherType},
		{"binding of nothing of their own", "/guest/n", bind("/_/x"), false, core.KindInvalid, "Binding references a package that does not exist."},
		{"binding of nothing foreign", "/guest/n", bind("/provider/x"), false, core.KindForbidden, notAuthorized("provider/x")},
		{"binding of a foreign private package", "/guest/n", bind("/provider/priv"), false, core.KindForbidden, notAuthorized("provider/priv")},
		{"binding of an action", "/guest/n", bind("/guest/a"), false, core.KindConflict, "Cannot bind to a resource that is not a package."},
		{"binding of a foreign action", "/guest/n", bind("/provider/hi"), false, core.KindForbidden, notAuthorized("provider/hi")},
		{"binding of a binding", "/guest/n", bind("/guest/b"), false, core.KindInvalid, "Cannot bind to another package binding."},
		{"binding of itself", "/guest/b", bind("/_/b"), true, core.KindUnprocessable, "Package binding 'guest/b' contains a circular reference."},
		{"a package made a binding", "/guest/p", bind("/provider/pub"), true, core.KindConflict, "Resource is a package and cannot be converted into a binding."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := s.PutPackage(s.ctx, s.guest, of(c.pkg), c.patch, c.update)
			refused(t, err, c.kind, c.message)
		})
	}
}

func TestReadsOfPackagesThatAreRefused(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.put("/guest/a")
	for _, c := range []struct {
		name, pkg string
		kind      core.Kind
		message   string
	}{
		{"missing", "/guest/x", core.KindNotFound, "The requested resource 'guest/x' does not exist."},
		{"an action", "/guest/a", core.KindConflict, otherType},
		{"foreign and private", "/provider/priv", core.KindForbidden, notAuthorized("provider/priv")},
		{"foreign and missing", "/provider/x", core.KindForbidden, notAuthorized("provider/x")},
		{"foreign and no package", "/provider/hi", core.KindForbidden, notAuthorized("provider/hi")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := s.Package(s.ctx, s.guest, of(c.pkg))
			refused(t, err, c.kind, c.message)
		})
	}
	if _, _, err := s.Package(s.ctx, s.guest, of("/provider/pub")); err != nil {
		t.Errorf("a foreign public one: %v", err)
	}
}

func TestAPackageThatIsNotEmptyNeedsForce(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.putPackages("/guest/p")
	s.bind("/guest/b", "/guest/p", nil)
	const text = "Package not empty (contains %s). Set force param or delete package contents."
	for i, contains := range []string{"1 entity", "2 entities"} {
		s.put(fmt.Sprintf("/guest/p/a%d", i))
		_, err := s.DeletePackage(s.ctx, s.guest, of("/guest/p"), false)
		refused(t, err, core.KindConflict, fmt.Sprintf(text, contains))
	}
	got, err := s.DeletePackage(s.ctx, s.guest, of("/guest/p"), true)
	s.must(err)
	if got.Name != of("/guest/p") {
		t.Errorf("got %s", got.Name)
	}
	_, err = s.Action(s.ctx, s.guest, of("/guest/b/a0"), false)
	refused(t, err, core.KindNotFound, "The requested resource 'guest/p' does not exist.")
	_, err = s.DeletePackage(s.ctx, s.guest, of("/guest/p"), true)
	refused(t, err, core.KindNotFound, notFound)
	_, err = s.DeletePackage(s.ctx, s.guest, of("/provider/pub"), true)
	refused(t, err, core.KindForbidden, notAuthorized("provider/pub"))
	s.sound()
}

func TestListsOfPackages(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.putPackages("/guest/p")
	s.bind("/guest/b", "/provider/pub", nil)
	_, err := s.PutPackage(s.ctx, s.guest, of("/guest/b"), control.PackagePatch{Publish: ptr(true)}, true)
	s.must(err)
	_, err = s.PutPackage(s.ctx, s.owner, of("/provider/pub2"), control.PackagePatch{Publish: ptr(true)}, false)
	s.must(err)
	for _, c := range []struct {
		name, namespace string
		who             core.Subject
		page            control.Page
		want            []string
		count           int
	}{
		{"own", "guest", s.guest, control.Page{}, []string{"b", "p"}, 2},
		{"foreign, without private ones", "provider", s.guest, control.Page{}, []string{"pub", "pub2"}, 2},
		{"foreign, without bindings", "guest", s.owner, control.Page{}, nil, 0},
		{"foreign, skipped", "provider", s.guest, control.Page{Skip: 2}, nil, 2},
		{"no such namespace", "nobody", s.guest, control.Page{Skip: 1}, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			packages, err := s.Packages(s.ctx, c.who, c.namespace, c.page)
			s.must(err)
			var got []string
			for _, p := range packages {
				got = append(got, p.Name.Name)
			}
			slices.Sort(got)
			if d := cmp.Diff(got, c.want); d != "" {
				t.Errorf("got, want:\n%s", d)
			}
			n, err := s.Count(s.ctx, c.who, c.namespace, core.TypePackage, "")
			if err != nil || n != c.count {
				t.Errorf("counted %d, %v, want %d", n, err, c.count)
			}
		})
	}
	one, err := s.Packages(s.ctx, s.guest, "provider", control.Page{Skip: 1, Limit: 1})
	if err != nil || len(one) != 1 {
		t.Errorf("a page: got %v, %v, want one package", one, err)
	}
}

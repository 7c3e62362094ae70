package control_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

func ptr[T any](v T) *T { return &v }

func TestAPutMakesAnActionWithDefaults(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	got, err := s.PutAction(s.ctx, s.guest, of("/guest/a"), control.ActionPatch{Exec: code("x")}, false)
	s.must(err)
	want := &core.Action{
		Meta: core.Meta{
			Name: of("/guest/a"), Version: core.FirstVersion, Revision: got.Revision, Updated: got.Updated,
			Annotations: params("exec", `"nodejs:24"`, "provide-api-key", `false`),
		},
		Exec:   *code("x"),
		Limits: core.DefaultLimits(),
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
	read, err := s.Action(s.ctx, s.guest, of("/guest/a"), true)
	s.must(err)
	if d := cmp.Diff(read, want); d != "" {
		t.Errorf("read again: got, want:\n%s", d)
	}
	read, err = s.Action(s.ctx, s.guest, of("/guest/a"), false)
	s.must(err)
	if read.Exec.Code != nil {
		t.Errorf("got code %q, want none", read.Exec.Code)
	}
}

func TestAPutChangesWhatItNames(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.put("/guest/c")
	before := control.ActionPatch{
		Exec: code("old"), Params: ptr(params("p", `1`, "q", `2`)), Publish: ptr(true),
		Annotations: params("note", `"n"`, "gone", `1`, "provide-api-key", `true`),
		Limits:      control.LimitsPatch{Memory: ptr(512), Instances: ptr(2)},
	}
	limits := core.Limits{Timeout: time.Minute, Memory: 512, Logs: 10, Concurrency: 1, Instances: ptr(2)}
	annotations := params("note", `"n"`, "gone", `1`, "provide-api-key", `true`, "exec", `"nodejs:24"`)
	old := core.Action{
		Meta: core.Meta{Version: core.Version{Patch: 2}, Publish: true, Annotations: annotations},
		Exec: *code("old"), Params: params("p", `1`, "q", `2`), Limits: limits,
	}
	for i, c := range []struct {
		name  string
		patch control.ActionPatch
		want  func(a *core.Action)
	}{
		{"nothing", control.ActionPatch{}, func(*core.Action) {}},
		{"exec as a whole", control.ActionPatch{Exec: &core.Exec{Kind: "python:3", Code: []byte("new"), Main: "m"}}, func(a *core.Action) {
			a.Exec = core.Exec{Kind: "python:3", Code: []byte("new"), Main: "m"}
			a.Annotations = a.Annotations.With("exec", core.JSON(`"python:3"`))
		}},
		{"all parameters, the last of a key", control.ActionPatch{Params: ptr(params("r", `3`, "r", `4`))}, func(a *core.Action) {
			a.Params = params("r", `4`)
		}},
		{"parameters to none", control.ActionPatch{Params: ptr(core.Params{})}, func(a *core.Action) { a.Params = nil }},
		{"annotations by key", control.ActionPatch{Annotations: params("note", `2`, "more", `3`)}, func(a *core.Action) {
			a.Annotations = params("note", `2`, "gone", `1`, "provide-api-key", `true`, "exec", `"nodejs:24"`, "more", `3`)
		}},
		{"annotations removed, then merged", control.ActionPatch{Remove: []string{"gone", "note"}, Annotations: params("note", `0`)}, func(a *core.Action) {
			a.Annotations = params("provide-api-key", `true`, "exec", `"nodejs:24"`, "note", `0`)
		}},
		{"the api key's annotation, not put back", control.ActionPatch{Remove: []string{"provide-api-key"}}, func(a *core.Action) {
			a.Annotations = params("note", `"n"`, "gone", `1`, "exec", `"nodejs:24"`)
		}},
		{"the kind's annotation, forced", control.ActionPatch{Annotations: params("exec", `"fake"`)}, func(*core.Action) {}},
		{"one limit", control.ActionPatch{Limits: control.LimitsPatch{Timeout: ptr(time.Second)}}, func(a *core.Action) { a.Limits.Timeout = time.Second }},
		{"version", control.ActionPatch{Version: &core.Version{Major: 3}}, func(a *core.Action) { a.Version = core.Version{Major: 3} }},
		{"publish", control.ActionPatch{Publish: ptr(false)}, func(a *core.Action) { a.Publish = false }},
		{"code to a sequence, parameters show components", control.ActionPatch{Exec: sequence("/_/c"), Params: ptr(params("x", `1`))}, func(a *core.Action) {
			a.Exec = *sequence("/guest/c")
			a.Params = params("_actions", `["/guest/c"]`)
			a.Annotations = a.Annotations.With("exec", core.JSON(`"sequence"`))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			name := core.Name{Namespace: "guest", Name: fmt.Sprint("a", i)}
			_, err := s.PutAction(s.ctx, s.guest, name, before, false)
			s.must(err)
			got, err := s.PutAction(s.ctx, s.guest, name, c.patch, true)
			s.must(err)
			want := old
			c.want(&want)
			want.Name = name
			ignore := cmpopts.IgnoreFields(core.Meta{}, "Revision", "Updated")
			if d := cmp.Diff(got, &want, ignore); d != "" {
				t.Errorf("got, want:\n%s", d)
			}
			read, err := s.Action(s.ctx, s.guest, name, true)
			s.must(err)
			if d := cmp.Diff(read, got); d != "" {
				t.Errorf("read again: got, want:\n%s", d)
			}
		})
	}
}

func TestASequenceThatBecomesCodeLosesItsParameters(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.put("/guest/c")
	put := func(patch control.ActionPatch) *core.Action {
		t.Helper()
		a, err := s.PutAction(s.ctx, s.guest, of("/guest/s"), patch, true)
		s.must(err)
		return a
	}
	shown := params("_actions", `["/guest/c"]`)
	if d := cmp.Diff(put(control.ActionPatch{Exec: sequence("/guest/c"), Params: ptr(params("x", `1`))}).Params, shown); d != "" {
		t.Errorf("created: got, want:\n%s", d)
	}
	if d := cmp.Diff(put(control.ActionPatch{Params: ptr(params("x", `1`))}).Params, shown); d != "" {
		t.Errorf("updated without exec: got, want:\n%s", d)
	}
	if got := put(control.ActionPatch{Exec: code("x")}).Params; len(got) != 0 {
		t.Errorf("made code: got %v, want none", got)
	}
	put(control.ActionPatch{Exec: sequence("/guest/c")})
	if d := cmp.Diff(put(control.ActionPatch{Exec: code("x"), Params: ptr(params("y", `2`))}).Params, params("y", `2`)); d != "" {
		t.Errorf("made code with parameters: got, want:\n%s", d)
	}
}

func TestPutsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.put("/guest/a")
	s.putPackages("/guest/p")
	s.putTriggers("/guest/t")
	s.bind("/guest/b", "/provider/pub", nil)
	only := s.guest
	only.Namespace.Quota = core.Quota{AllowedKinds: []string{"go:1.26"}, ConcurrentInvocations: ptr(7)}
	big := core.JSON(`"` + strings.Repeat("x", core.MaxParameters) + `"`)
	long := strings.Repeat("n", 257)
	limits := func(l control.LimitsPatch) control.ActionPatch {
		return control.ActionPatch{Exec: code("x"), Limits: l}
	}
	for _, c := range []struct {
		name    string
		who     core.Subject
		action  core.Name
		patch   control.ActionPatch
		update  bool
		kind    core.Kind
		message string
	}{
		{"bad name", s.guest, core.Name{Namespace: "guest", Name: "$hola"}, control.ActionPatch{}, false, core.KindInvalid, "The name of the entity contains illegal characters."},
		{"long name", s.guest, core.Name{Namespace: "guest", Name: long}, control.ActionPatch{}, false, core.KindInvalid, "Name segement longer than allowed: 257 > 256."},
		{"foreign namespace, nothing there", s.guest, of("/provider/x"), control.ActionPatch{}, false, core.KindForbidden, notAuthorized("provider/x")},
		{"foreign public package", s.guest, of("/provider/pub/x"), control.ActionPatch{}, true, core.KindForbidden, notAuthorized("provider/pub/x")},
		{"through a binding", s.guest, of("/guest/b/x"), control.ActionPatch{Exec: code("x")}, false, core.KindInvalid, throughBind},
		{"through a binding, an action of the provider", s.guest, of("/guest/b/hi"), control.ActionPatch{Exec: code("x")}, true, core.KindInvalid, throughBind},
		{"no package", s.guest, of("/guest/q/x"), control.ActionPatch{Exec: code("x")}, false, core.KindNotFound, notFound},
		{"the package is a trigger", s.guest, of("/guest/t/x"), control.ActionPatch{Exec: code("x")}, false, core.KindConflict, otherType},
		{"exists", s.guest, of("/guest/a"), control.ActionPatch{Exec: code("x")}, false, core.KindConflict, exists},
		{"exists, and the patch is no good", s.guest, of("/guest/a"), control.ActionPatch{}, false, core.KindConflict, exists},
		{"a trigger has the name", s.guest, of("/guest/t"), control.ActionPatch{Exec: code("x")}, false, core.KindConflict, otherType},
		{"a trigger has the name, overwrite", s.guest, of("/guest/t"), control.ActionPatch{Exec: code("x")}, true, core.KindConflict, otherType},
		{"create without exec", s.guest, of("/guest/n"), control.ActionPatch{}, false, core.KindInvalid, "exec undefined"},
		{"kind not allowed, before existence", only, of("/guest/a"), control.ActionPatch{Exec: code("x")}, false, core.KindForbidden,
			"The supplied authentication is not authorized to access actions of kind 'nodejs:24'."},
		{"too much code", s.guest, of("/guest/n"), control.ActionPatch{Exec: code(strings.Repeat("x", core.MaxCode+1)), Params: &core.Params{{Key: "k", Value: big}}}, false,
			core.KindTooLarge, "exec larger than allowed: 50331649 > 50331648 bytes."},
		{"too large parameters", s.guest, of("/guest/n"), control.ActionPatch{Exec: code("x"), Params: &core.Params{{Key: "k", Value: big}}, Annotations: core.Params{{Key: "k", Value: big}}}, false,
			core.KindTooLarge, "parameters larger than allowed: 1048579 > 1048576 bytes."},
		{"too large annotations", s.guest, of("/guest/n"), control.ActionPatch{Exec: code("x"), Annotations: core.Params{{Key: "k", Value: big}}}, false,
			core.KindTooLarge, "annotations larger than allowed: 1048614 > 1048576 bytes."},
		{"much memory", s.guest, of("/guest/n"), limits(control.LimitsPatch{Memory: ptr(513)}), false, core.KindOutOfRange, "memory size 513 MB exceeds allowed threshold of 512 MB"},
		{"little memory", s.guest, of("/guest/n"), limits(control.LimitsPatch{Memory: ptr(127)}), false, core.KindOutOfRange, "memory size 127 MB below allowed threshold of 128 MB"},
		{"long time, on update", s.guest, of("/guest/a"), control.ActionPatch{Limits: control.LimitsPatch{Timeout: ptr(time.Hour)}}, true, core.KindOutOfRange,
			"duration 3600000 milliseconds exceeds allowed threshold of 300000 milliseconds"},
		{"many logs", s.guest, of("/guest/n"), limits(control.LimitsPatch{Logs: ptr(11)}), false, core.KindOutOfRange, "log size 11 MB exceeds allowed threshold of 10 MB"},
		{"no concurrency", s.guest, of("/guest/n"), limits(control.LimitsPatch{Concurrency: ptr(0)}), false, core.KindOutOfRange, "concurrency 0 below allowed threshold of 1"},
		{"more instances than the namespace may have", s.guest, of("/guest/n"), limits(control.LimitsPatch{Instances: ptr(1001)}), false, core.KindOutOfRange,
			"Max action instance concurrency must not exceed your namespace concurrency of 1000."},
		{"negative instances", s.guest, of("/guest/n"), limits(control.LimitsPatch{Instances: ptr(-1)}), false, core.KindOutOfRange,
			"Action container concurrency must be greater than or equal to 0."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := s.PutAction(s.ctx, c.who, c.action, c.patch, c.update)
			refused(t, err, c.kind, c.message)
		})
	}
}

func TestReadsAndDeletesOfActionsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.put("/guest/a")
	s.putPackages("/guest/p")
	s.bind("/guest/b", "/provider/pub", nil)
	for _, c := range []struct {
		name         string
		action       string
		get, del     core.Kind
		getSay, dels string
	}{
		{"missing", "/guest/x", core.KindNotFound, core.KindNotFound, notFound, notFound},
		{"a package has the name", "/guest/p", core.KindConflict, core.KindConflict, otherType, otherType},
		{"missing in a package", "/guest/p/x", core.KindNotFound, core.KindNotFound, notFound, notFound},
		{"missing package", "/guest/q/x", core.KindNotFound, core.KindNotFound, "The requested resource 'guest/q' does not exist.", notFound},
		{"the package is an action", "/guest/a/x", core.KindConflict, core.KindConflict, otherType, otherType},
		{"missing behind a binding", "/guest/b/x", core.KindNotFound, core.KindInvalid, notFound, throughBind},
		{"foreign, there", "/provider/hi", core.KindForbidden, core.KindForbidden, notAuthorized("provider/hi"), notAuthorized("provider/hi")},
		{"foreign, missing", "/provider/x", core.KindForbidden, core.KindForbidden, notAuthorized("provider/x"), notAuthorized("provider/x")},
		{"foreign namespace, missing", "/nobody/x", core.KindForbidden, core.KindForbidden, notAuthorized("nobody/x"), notAuthorized("nobody/x")},
		{"foreign private package", "/provider/priv/hi", core.KindForbidden, core.KindForbidden, notAuthorized("provider/priv/hi"), notAuthorized("provider/priv/hi")},
		{"foreign missing package", "/provider/x/hi", core.KindForbidden, core.KindForbidden, notAuthorized("provider/x/hi"), notAuthorized("provider/x/hi")},
		{"foreign public package, action missing", "/provider/pub/x", core.KindNotFound, core.KindForbidden, notFound, notAuthorized("provider/pub/x")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := s.Action(s.ctx, s.guest, of(c.action), true)
			refused(t, err, c.get, c.getSay)
			_, err = s.DeleteAction(s.ctx, s.guest, of(c.action))
			refused(t, err, c.del, c.dels)
		})
	}
}

func TestADeletedActionIsReturnedAsItWas(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.putPackages("/guest/p")
	for _, n := range []string{"/guest/a", "/guest/p/a"} {
		put, err := s.PutAction(s.ctx, s.guest, of(n), control.ActionPatch{Exec: code("x")}, false)
		s.must(err)
		got, err := s.DeleteAction(s.ctx, s.guest, of(n))
		s.must(err)
		if d := cmp.Diff(got, put); d != "" {
			t.Errorf("got, want:\n%s", d)
		}
		_, err = s.Action(s.ctx, s.guest, of(n), false)
		refused(t, err, core.KindNotFound, notFound)
	}
	s.sound()
}

func TestOverwritesThatRaceAllSucceed(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	const writers, writes = 10, 5
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for range writes {
				patch := control.ActionPatch{Exec: code("x"), Annotations: params(fmt.Sprint("w", w), `1`)}
				if _, err := s.PutAction(s.ctx, s.guest, of("/guest/a"), patch, true); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	a, err := s.Action(s.ctx, s.guest, of("/guest/a"), false)
	s.must(err)
	if a.Version != (core.Version{Patch: writers * writes}) {
		t.Errorf("got version %s, want one for each of %d writes", a.Version, writers*writes)
	}
	for w := range writers {
		if _, ok := a.Annotations.Get(fmt.Sprint("w", w)); !ok {
			t.Errorf("the annotation of writer %d was lost", w)
		}
	}
	s.sound()
}

func TestCreatesThatRaceSucceedOnce(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	var wg sync.WaitGroup
	errs := make(chan error, 20)
	for range cap(errs) {
		wg.Go(func() {
			_, err := s.PutAction(s.ctx, s.guest, of("/guest/a"), control.ActionPatch{Exec: code("x")}, false)
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	won := 0
	for err := range errs {
		if err == nil {
			won++
			continue
		}
		refused(t, err, core.KindConflict, exists)
	}
	if won != 1 {
		t.Errorf("got %d creators, want one", won)
	}
}

func TestListsOfActions(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.putPackages("/guest/p")
	s.put("/guest/a", "/guest/p/a")
	s.bind("/guest/b", "/provider/pub", nil)
	for _, c := range []struct {
		name, namespace, pkg string
		want                 []string
		kind                 core.Kind
		message              string
	}{
		{"all of a namespace", "guest", "", []string{"/guest/a", "/guest/p/a"}, 0, ""},
		{"of a package", "guest", "p", []string{"/guest/p/a"}, 0, ""},
		{"of a binding, the provider's", "guest", "b", []string{"/provider/pub/hi"}, 0, ""},
		{"of a foreign public package", "provider", "pub", []string{"/provider/pub/hi"}, 0, ""},
		{"of a foreign private package", "provider", "priv", nil, core.KindForbidden, notAuthorized("provider/priv")},
		{"of a foreign namespace", "provider", "", nil, core.KindForbidden, notAuthorized("provider")},
		{"of a missing package", "guest", "q", nil, core.KindNotFound, "The requested resource 'guest/q' does not exist."},
		{"of what is no package", "guest", "a", nil, core.KindConflict, otherType},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			actions, err := s.Actions(s.ctx, s.guest, c.namespace, c.pkg, control.Page{})
			n, countErr := s.Count(s.ctx, s.guest, c.namespace, core.TypeAction, c.pkg)
			if c.message != "" {
				refused(t, err, c.kind, c.message)
				refused(t, countErr, c.kind, c.message)
				return
			}
			s.must(err)
			s.must(countErr)
			var got []string
			for _, a := range actions {
				got = append(got, a.Name.String())
				if a.Params != nil || a.Exec.Code != nil {
					t.Errorf("%s has parameters or code", a.Name)
				}
			}
			sorted := cmpopts.SortSlices(strings.Compare)
			if d := cmp.Diff(got, c.want, sorted); d != "" || n != len(c.want) {
				t.Errorf("counted %d; got, want:\n%s", n, d)
			}
		})
	}
}

func TestACorruptActionIsReported(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.put("/guest/a")
	s.must(s.rdb.HSet(s.ctx, "hearth:{guest}:entity:a", "doc", "{", "revision", "1").Err())
	_, get := s.Action(s.ctx, s.guest, of("/guest/a"), false)
	_, put := s.PutAction(s.ctx, s.guest, of("/guest/a"), control.ActionPatch{Exec: code("x")}, true)
	_, del := s.DeleteAction(s.ctx, s.guest, of("/guest/a"))
	for verb, err := range map[string]error{"get": get, "put": put, "delete": del} {
		if core.KindOf(err) != core.KindInternal || !strings.Contains(fmt.Sprint(err), "Resource is corrupted and cannot be read.") {
			t.Errorf("%s: got %v", verb, err)
		}
	}
}

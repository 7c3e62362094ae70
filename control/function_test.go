package control_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

func deployment(image string, labels map[string]string) control.Deployment {
	return control.Deployment{
		Image: image, Limits: core.Limits{Timeout: 1000000000, Memory: 6, Logs: 10, Concurrency: 5},
		Function: core.Function{Namespace: "openfaas-fn", Labels: labels, EnvVars: map[string]string{"a": "b"}},
	}
}

func TestAFunctionIsDeployedReplacedAndDeleted(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	name := of("/guest/f")
	made, err := s.CreateFunction(s.ctx, s.guest, name, deployment("image:1", map[string]string{control.LabelScaleMin: "2"}))
	s.must(err)
	if made.Replicas != 2 || made.Exec.Kind != core.KindFunction || made.Function.Created.IsZero() {
		t.Errorf("made %+v", made)
	}
	s.must(s.ScaleFunction(s.ctx, s.guest, name, 0))
	d := deployment("image:2", nil)
	d.Function.EnvVars = nil
	changed, err := s.UpdateFunction(s.ctx, s.guest, name, d)
	s.must(err)
	read, err := s.Function(s.ctx, s.guest, name)
	s.must(err)
	if d := cmp.Diff(read, changed); d != "" {
		t.Errorf("read, changed:\n%s", d)
	}
	if read.Exec.Image != "image:2" || read.Function.EnvVars != nil || read.Function.Labels != nil || read.Replicas != 1 {
		t.Errorf("it is no full replacement: %+v", read)
	}
	if !read.Function.Created.Equal(made.Function.Created) || read.Version != made.Version.Next() || read.Revision == made.Revision {
		t.Errorf("created %s, version %s, revision %s", read.Function.Created, read.Version, read.Revision)
	}
	s.must(s.CountInvocations(s.ctx, "guest", map[string]int{"f": 4}))
	counts, err := s.Invocations(s.ctx, s.guest)
	s.must(err)
	all, err := s.Functions(s.ctx, s.guest)
	s.must(err)
	if counts["f"] != 4 || len(all) != 1 {
		t.Errorf("counts %v, list of %d", counts, len(all))
	}
	s.must(s.DeleteFunction(s.ctx, s.guest, name))
	if all, err = s.Functions(s.ctx, s.guest); err != nil || len(all) != 0 {
		t.Errorf("after its deletion %d are listed, %v", len(all), err)
	}
}

func TestDeploymentsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.put("/guest/action")
	_, err := s.CreateFunction(s.ctx, s.guest, of("/guest/f"), deployment("image", nil))
	s.must(err)
	needs := deployment("image", nil)
	needs.Function.Secrets = []string{"missing"}
	large := deployment("image", nil)
	large.Function.Annotations = map[string]string{"a": longText(core.MaxParameters)}
	ok := deployment("image", nil)
	for _, c := range []struct {
		name string
		do   func() error
		want core.Kind
	}{
		{"created twice", func() error { _, err := s.CreateFunction(s.ctx, s.guest, of("/guest/f"), ok); return err }, core.KindConflict},
		{"an action has the name", func() error { _, err := s.CreateFunction(s.ctx, s.guest, of("/guest/action"), ok); return err }, core.KindConflict},
		{"another's namespace", func() error { _, err := s.CreateFunction(s.ctx, s.guest, of("/provider/f"), ok); return err }, core.KindForbidden},
		{"an unknown secret", func() error { _, err := s.CreateFunction(s.ctx, s.guest, of("/guest/g"), needs); return err }, core.KindInvalid},
		{"an unknown secret in an update", func() error { _, err := s.UpdateFunction(s.ctx, s.guest, of("/guest/f"), needs); return err }, core.KindInvalid},
		{"too large", func() error { _, err := s.CreateFunction(s.ctx, s.guest, of("/guest/g"), large); return err }, core.KindTooLarge},
		{"an update of nothing", func() error { _, err := s.UpdateFunction(s.ctx, s.guest, of("/guest/g"), ok); return err }, core.KindNotFound},
		{"an update of an action", func() error { _, err := s.UpdateFunction(s.ctx, s.guest, of("/guest/action"), ok); return err }, core.KindNotFound},
		{"a deletion of an action", func() error { return s.DeleteFunction(s.ctx, s.guest, of("/guest/action")) }, core.KindNotFound},
		{"scaling an action", func() error { return s.ScaleFunction(s.ctx, s.guest, of("/guest/action"), 1) }, core.KindNotFound},
		{"scaling another's", func() error { return s.ScaleFunction(s.ctx, s.guest, of("/provider/theirs"), 1) }, core.KindForbidden},
		{"too many replicas", func() error { return s.ScaleFunction(s.ctx, s.guest, of("/guest/f"), control.MaxReplicas+1) }, core.KindInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := core.KindOf(c.do()); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestAPutOfCodeEndsAFunction(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	name := of("/guest/f")
	_, err := s.CreateFunction(s.ctx, s.guest, name, deployment("image", nil))
	s.must(err)
	a, err := s.PutAction(s.ctx, s.guest, name, control.ActionPatch{Limits: control.LimitsPatch{Memory: ptr(256)}}, true)
	s.must(err)
	if a.Function == nil || a.Replicas != 1 {
		t.Errorf("a change of its limits left %+v", a)
	}
	a, err = s.PutAction(s.ctx, s.guest, name, control.ActionPatch{Exec: code("x")}, true)
	s.must(err)
	if a.Function != nil || a.Replicas != 0 {
		t.Errorf("code left %+v, %d replicas", a.Function, a.Replicas)
	}
}

func TestScaleBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, min, max string
		least, most    int
	}{
		{"no labels", "", "", 1, control.DefaultScaleMax},
		{"both", "2", "5", 2, 5},
		{"no numbers", "two", "5x", 1, control.DefaultScaleMax},
		{"a minimum of zero", "0", "", 1, control.DefaultScaleMax},
		{"a maximum below the minimum", "4", "2", 4, 4},
		{"more than anybody may have", "1", "99999", 1, control.MaxReplicas},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := core.Function{Labels: map[string]string{control.LabelScaleMin: c.min, control.LabelScaleMax: c.max}}
			if least, most := control.ScaleBounds(&f); least != c.least || most != c.most {
				t.Errorf("got %d to %d, want %d to %d", least, most, c.least, c.most)
			}
		})
	}
}

func TestSecretsOfANamespace(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.must(s.CreateSecret(s.ctx, s.guest, "a.b-c", []byte("1")))
	s.must(s.UpdateSecret(s.ctx, s.guest, "a.b-c", []byte("2")))
	names, err := s.SecretNames(s.ctx, s.guest)
	s.must(err)
	values, err := s.Secrets(s.ctx, "guest", append(names, "missing"))
	s.must(err)
	if d := cmp.Diff(values, map[string][]byte{"a.b-c": []byte("2")}); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
	for _, name := range []string{"", "..", "a/b", "A", "-a", "a..b", longText(300)} {
		if err := s.CreateSecret(s.ctx, s.guest, name, nil); core.KindOf(err) != core.KindInvalid {
			t.Errorf("secret named %q: %v", name, err)
		}
	}
	if err := s.CreateSecret(s.ctx, s.guest, "large", make([]byte, control.MaxSecret+1)); core.KindOf(err) != core.KindTooLarge {
		t.Errorf("large secret: %v", err)
	}
	s.must(s.DeleteSecret(s.ctx, s.guest, "a.b-c"))
}

func TestNamespacesOfFunctions(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	notes := store.Notes{Labels: map[string]string{"team": "a"}}
	s.must(s.CreateFunctionNamespace(s.ctx, "dev", notes))
	seen, err := s.FunctionNamespaces(s.ctx)
	s.must(err)
	if len(seen) != 1 || seen[0].Name != "dev" || seen[0].Labels["team"] != "a" || seen[0].Labels[control.LabelFunctions] != "1" {
		t.Errorf("seen: %+v", seen)
	}
	if notes.Labels[control.LabelFunctions] != "" {
		t.Error("the caller's labels were changed")
	}
	if err := s.CreateFunctionNamespace(s.ctx, "guest", notes); core.KindOf(err) != core.KindConflict {
		t.Errorf("over a foreign one: %v", err)
	}
	owner, err := s.Owner(s.ctx, "dev")
	s.must(err)
	s.must(s.CreateSecret(s.ctx, owner, "s", nil))
	if err := s.DeleteFunctionNamespace(s.ctx, "dev"); core.KindOf(err) != core.KindConflict {
		t.Errorf("deleted with a secret in it: %v", err)
	}
	s.must(s.DeleteSecret(s.ctx, owner, "s"))
	name := core.Name{Namespace: "dev", Name: "f"}
	_, err = s.CreateFunction(s.ctx, owner, name, deployment("image", nil))
	s.must(err)
	if err := s.DeleteFunctionNamespace(s.ctx, "dev"); core.KindOf(err) != core.KindConflict {
		t.Errorf("deleted with a function in it: %v", err)
	}
	s.must(s.DeleteFunction(s.ctx, owner, name))
	s.must(s.NoteNamespace(s.ctx, "dev", store.Notes{}))
	ns, err := s.Namespace(s.ctx, "dev")
	s.must(err)
	if !control.HasFunctions(ns) || ns.Labels["team"] != "" {
		t.Errorf("notes: %+v", ns)
	}
	s.must(s.DeleteFunctionNamespace(s.ctx, "dev"))
	if err := s.DeleteFunctionNamespace(s.ctx, "dev"); core.KindOf(err) != core.KindNotFound {
		t.Errorf("deleted twice: %v", err)
	}
}

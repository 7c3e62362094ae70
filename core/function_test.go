package core_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/core"
)

func TestEnvironmentOfAFunction(t *testing.T) {
	t.Parallel()
	with := func(more ...string) map[string]string {
		all := map[string]string{"OPENFAAS_NAME": "figlet", "OPENFAAS_NAMESPACE": "openfaas-fn"}
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	for _, test := range []struct {
		name string
		f    core.Function
		want map[string]string
	}{
		{"nothing given: the image's own fprocess stays", core.Function{}, with()},
		{"a process", core.Function{EnvProcess: "cat"}, with("fprocess", "cat")},
		{"variables", core.Function{EnvVars: map[string]string{"a": "b"}}, with("a", "b")},
		{
			"fprocess among the variables wins",
			core.Function{EnvProcess: "cat", EnvVars: map[string]string{"fprocess": "wc"}},
			with("fprocess", "wc"),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.f.Namespace = "openfaas-fn"
			if d := cmp.Diff(test.f.Environment("figlet"), test.want); d != "" {
				t.Errorf("got, want:\n%s", d)
			}
		})
	}
}

package stack_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v3"

	"github.com/hearth-faas/hearth/cmd/hearth/stack"
)

func variables(all map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := all[name]
		return value, ok
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/stack.yml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := stack.Parse(text, variables(map[string]string{"TAG": "2", "LEVEL": ""}))
	if err != nil {
		t.Fatal(err)
	}
	want := &stack.File{
		Version: "1.0", Provider: stack.Provider{Name: "openfaas", Gateway: "http://127.0.0.1:8080"},
		Functions: map[string]stack.Function{
			"api": {
				Lang: "node", Handler: "./api", Image: "shop/api:2", FProcess: "node index.js", Namespace: "dev",
				Environment:     map[string]string{"level": "info", "count": "8", "on": "true", "text": "${left}"},
				EnvironmentFile: []string{"common.yml"}, Secrets: []string{"key"},
				Labels: map[string]string{"com.openfaas.scale.min": "2"}, Annotations: map[string]string{"topic": "orders"},
				Constraints: []string{"node.role == worker"},
				Limits:      &stack.Resources{Memory: "128Mi", CPU: "100m"}, Requests: &stack.Resources{Memory: "64Mi"},
				ReadOnlyRoot: true, BuildArgs: map[string]string{"NODE_ENV": "test"}, BuildOptions: []string{"dev"},
			},
			"api-docs": {Image: "nginx:1", SkipBuild: true},
		},
	}
	if d := cmp.Diff(got, want, cmpopts.IgnoreTypes(yaml.Node{})); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
	for pattern, names := range map[string][]string{"": {"api", "api-docs"}, "api": {"api"}, "api*": {"api", "api-docs"}, "x*": nil, "[": nil} {
		var patterns []string
		if pattern != "" {
			patterns = []string{pattern}
		}
		if d := cmp.Diff(got.Names(patterns...), names); d != "" {
			t.Errorf("names that fit %q: %s", pattern, d)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const head = "version: 1.0\nprovider: {name: openfaas}\n"
	for _, c := range []struct{ name, text, want string }{
		{"nothing", " ", "it is empty"},
		{"another version", "version: 2.0\nprovider: {name: openfaas}", "version is 2.0, and only 1.0 is known"},
		{"another provider", "provider: {name: kubernetes}", `the provider's name is "kubernetes", and not openfaas`},
		{
			"keys that are not known, all at once", head + "functions:\n  f:\n    image: i\n    skip_build: true\n    envs: {}\n    limit: {}\nextra: 1\n",
			`line 7: key "envs" is not known; line 8: key "limit" is not known; line 9: key "extra" is not known`,
		},
		{"a list for a mapping", head + "functions:\n  f: [1]\n", "line 4: cannot unmarshal !!seq into stack.Function"},
		{"a function without an image", head + "functions: {f: {lang: go, handler: f}}", "function f: it has no image"},
		{"a function without a template", head + "functions: {f: {image: i, handler: f}}", "function f: it has no lang"},
		{"a function without a folder", head + "functions: {f: {image: i, lang: go}}", "function f: it has no handler"},
		{"a variable without an end", head + "functions: {f: {image: \"${A\"}}", "line 3: ${A"},
		{"a variable that is no name", head + "functions: {f: {image: \"${A?}\"}}", "line 3: ${A?} is not understood"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := stack.Parse([]byte(c.text), variables(nil))
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestSubstitute(t *testing.T) {
	t.Parallel()
	lookup := variables(map[string]string{"A": "a", "EMPTY": ""})
	for text, want := range map[string]string{
		"${A}${A} ${NONE}.":                       "aa .",
		"${A:-x} ${EMPTY:-x} ${NONE:-x}":          "a x x",
		"${A-x} ${EMPTY-x} ${NONE-x}":             "a  x",
		"${A:=x} ${EMPTY:=x} ${NONE:=x} ${NONE=}": "a x x ",
		"${NONE:-http://h:80/-=}":                 "http://h:80/-=",
		"$A $${A} $ 5$":                           "$A ${A} $ 5$",
		"a\n  # ${A?}\n${A}":                      "a\n  # ${A?}\na",
	} {
		got, err := stack.Substitute([]byte(text), lookup)
		if err != nil || string(got) != want {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestAppend(t *testing.T) {
	t.Parallel()
	f := stack.Function{Lang: "node", Handler: "./f", Image: "f:latest"}
	const entry = "  f:\n    lang: node\n    handler: ./f\n    image: f:latest\n"
	const head = "version: 1.0\nprovider:\n  name: openfaas\n  gateway: http://127.0.0.1:3233\n"
	for _, c := range []struct{ name, text, want string }{
		{"to nothing", "", head + "functions:\n" + entry},
		{"to a file without functions", head, head + "functions:\n" + entry},
		{"to a file whose functions are empty", head + "functions:\n", head + "functions:\n" + entry},
		{
			"to others, with their comments and variables",
			"# mine\n" + head + "functions:\n  # the first\n  g:\n    image: ${P:-p}/g # so\n    skip_build: true\nconfiguration: {}\n",
			"# mine\n" + head + "functions:\n  # the first\n  g:\n    image: ${P:-p}/g # so\n    skip_build: true\n" + entry + "configuration: {}\n",
		},
	} {
		got, err := stack.Append([]byte(c.text), "http://127.0.0.1:3233", "f", f)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if d := cmp.Diff(string(got), c.want); d != "" {
			t.Errorf("%s: got, want:\n%s", c.name, d)
		}
		if _, err := stack.Append(got, "", "f", f); err == nil || err.Error() != "function f is there already" {
			t.Errorf("%s: a second time: got %v", c.name, err)
		}
	}
	for _, text := range []string{"- a\n", "functions: [f]\n", "a: [\n"} {
		if _, err := stack.Append([]byte(text), "", "f", f); err == nil {
			t.Errorf("to %q: no error", text)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	got, err := stack.Environment([]byte("environment:\n  a: b\n  n: 1\n"))
	if d := cmp.Diff(got, map[string]string{"a": "b", "n": "1"}); d != "" || err != nil {
		t.Errorf("got, want: %s, %v", d, err)
	}
	if _, err := stack.Environment([]byte("a: b\n")); err == nil || err.Error() != `line 1: key "a" is not known` {
		t.Errorf("got %v", err)
	}
}

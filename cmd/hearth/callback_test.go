package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCallbackCommands(t *testing.T) {
	t.Parallel()
	const one = id + "-end"
	const path = "/api/v1/namespaces/_/callbacks"
	for _, test := range []struct {
		name    string
		args    []string
		answers map[string]answer
		asked   []string
		code    int
		stdout  string // a part of it
	}{
		{
			"list those that were given up", []string{"callback", "list", "--state", "dead", "-l", "5"},
			map[string]answer{"GET " + path: {200, `[{"id":"` + one + `","state":"dead","tries":10,"url":"https://example.org/","why":"It was attempted 10 times."}]`}},
			[]string{"GET " + path + "?limit=5&skip=0&state=dead"}, exitOK, one + "  dead   10     https://example.org/  It was attempted 10 times.",
		},
		{
			"show one", []string{"callback", "show", one}, map[string]answer{"GET " + path + "/" + one: {200, `{"id":"x"}`}},
			[]string{"GET " + path + "/" + one}, exitOK, `"id": "x"`,
		},
		{"redrive one", []string{"callback", "redrive", one}, nil, []string{"POST " + path + "/" + one}, exitOK, "ok: 1 to be attempted again"},
		{
			"redrive all", []string{"callback", "redrive", "--all"}, map[string]answer{"POST " + path: {200, `{"callbacks":7}`}},
			[]string{"POST " + path}, exitOK, "ok: 7 to be attempted again",
		},
		{
			"purge all", []string{"callback", "purge", "--all"}, map[string]answer{"DELETE " + path: {200, `{"callbacks":7}`}},
			[]string{"DELETE " + path}, exitOK, "ok: 7 deleted",
		},
		{"purge nothing in particular", []string{"callback", "purge"}, nil, nil, exitUsage, ""},
		{"redrive one and all", []string{"callback", "redrive", one, "--all"}, nil, nil, exitUsage, ""},
		{
			"print the secret", []string{"callback", "secret"},
			map[string]answer{"GET /api/v1/namespaces/_/signing-secret": {200, `{"secret":"whsec_x"}`}},
			[]string{"GET /api/v1/namespaces/_/signing-secret"}, exitOK, "whsec_x\n",
		},
		{
			"replace the secret", []string{"callback", "secret", "--rotate"},
			map[string]answer{"POST /api/v1/namespaces/_/signing-secret": {200, `{"secret":"whsec_y","old":"whsec_x","until":1}`}},
			[]string{"POST /api/v1/namespaces/_/signing-secret"}, exitOK, "whsec_y\n",
		},
		{
			"show one that is not there", []string{"callback", "show", one},
			map[string]answer{"GET " + path + "/" + one: {http.StatusNotFound, `{"error":"no","code":"t"}`}},
			[]string{"GET " + path + "/" + one}, exitFailed, "",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newPlatform(t, test.answers)
			got := start(t, s.env(), "", test.args...)
			if got.Code != test.code || !strings.Contains(got.Stdout, test.stdout) {
				t.Errorf("got %+v, want code %d and %q", got, test.code, test.stdout)
			}
			if diff := cmp.Diff(test.asked, s.asked); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAddressesForCallbacksAreSettings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		env  []string
		args []string
		code int
	}{
		{"ok, several flags", nil, []string{"--callback-allow", "127.0.0.0/8", "--callback-allow", "fd00::/8"}, exitOK},
		{"ok, a variable with commas", []string{"HEARTH_CALLBACK_ALLOW=127.0.0.0/8,fd00::/8"}, nil, exitOK},
		{"nok, no CIDR", nil, []string{"--callback-allow", "localhost"}, exitUsage},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := &program{env: readEnvironment(test.env), stdout: t.Output(), stderr: t.Output()}
			parser, err := p.parser(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			command, err := parser.Parse(append([]string{"triggers"}, test.args...))
			if (err != nil) != (test.code != exitOK) {
				t.Fatalf("got %v", err)
			}
			if err != nil {
				return
			}
			triggers, ok := command.Selected().Target.Interface().(triggersCommand)
			if !ok || len(triggers.CallbackAllow) != 2 {
				t.Errorf("got %v", command.Selected().Target)
			}
		})
	}
}

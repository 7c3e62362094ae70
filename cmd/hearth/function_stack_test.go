package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const stackText = `version: 1.0
provider:
  name: openfaas
  gateway: ${STACK_GATEWAY:-http://127.0.0.1:8080}
functions:
  api:
    lang: node
    handler: ./api
    image: shop/api:2
    fprocess: node index.js
    namespace: dev
    environment: {level: info, mode: slow}
    environment_file: [env.yml]
    secrets: [key]
    labels: {com.openfaas.scale.min: 2}
    annotations: {topic: orders}
    constraints: [here]
    limits: {memory: 128Mi, cpu: 100m}
    requests: {memory: 64Mi}
    readonly_root_filesystem: true
  docs:
    skip_build: true
    image: nginx:1
`

// stackFolder is a folder with a stack file, and a password.
func stackFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"stack.yml": stackText, "env.yml": "environment: {mode: fast}\n", passwordFile: "open sesame\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestCommandsForStackFiles(t *testing.T) {
	t.Parallel()
	dir := stackFolder(t)
	file := filepath.Join(dir, "stack.yml")
	const api = `/system/functions? {"service":"api","image":"shop/api:2","namespace":"dev","envProcess":"node index.js",` +
		`"envVars":{"level":"info","mode":"fast"},"labels":{"com.openfaas.scale.min":"2"},"annotations":{"topic":"orders"},` +
		`"secrets":["key"],"constraints":["here"],"limits":{"memory":"128Mi","cpu":"100m"},"requests":{"memory":"64Mi"},"readOnlyRootFilesystem":true}`
	for _, c := range []struct {
		name    string
		args    []string
		answers map[string]answer
		asked   []string
		want    outcome
	}{
		{
			"deploy all", []string{"function", "deploy", "-f", file},
			map[string]answer{"PUT /system/functions": {http.StatusNotFound, ""}},
			[]string{"PUT " + api, "POST " + api, `PUT /system/functions? {"service":"docs","image":"nginx:1"}`, `POST /system/functions? {"service":"docs","image":"nginx:1"}`},
			outcome{0, "ok: made function api: GATEWAY/function/api.dev\nok: made function docs: GATEWAY/function/docs\n", ""},
		},
		{
			"deploy some", []string{"function", "deploy", "d*", "-f", file}, nil,
			[]string{`PUT /system/functions? {"service":"docs","image":"nginx:1"}`},
			outcome{0, "ok: replaced function docs: GATEWAY/function/docs\n", ""},
		},
		{
			"up with what need not be built", []string{"function", "up", "docs", "-f", file}, nil,
			[]string{`PUT /system/functions? {"service":"docs","image":"nginx:1"}`},
			outcome{0, "[docs] not built, as skip_build says: nginx:1\nok: replaced function docs: GATEWAY/function/docs\n", ""},
		},
		{
			"remove all, where each is", []string{"function", "remove", "-f", file}, nil,
			[]string{`DELETE /system/functions? {"functionName":"api","namespace":"dev"}`, `DELETE /system/functions? {"functionName":"docs","namespace":""}`},
			outcome{0, "ok: deleted function api\nok: deleted function docs\n", ""},
		},
		{
			"none that fits", []string{"function", "deploy", "x", "-f", file}, nil, nil,
			outcome{exitUsage, "", "hearth: no function of " + file + " is meant by [\"x\"]\n"},
		},
		{
			"a flag that the file has a word for", []string{"function", "deploy", "-f", file, "--env", "a=b"}, nil, nil,
			outcome{exitUsage, "", "hearth: what a function of a stack file is like is said there; other flags go with --image\n"},
		},
		{
			"nothing to remove", []string{"function", "remove"}, nil, nil,
			outcome{exitUsage, "", "hearth: name a function, or a stack file with -f\n"},
		},
		{
			"build what has no folder", []string{"function", "build", "api", "-f", file}, nil, nil,
			outcome{exitFailed, "", "hearth: function api: the handler " + filepath.Join(dir, "api") + " is no folder\nstat " + filepath.Join(dir, "api") + ": no such file or directory\n"},
		},
		{
			"build none at a time", []string{"function", "build", "-f", file, "--parallel", "0"}, nil, nil,
			outcome{exitUsage, "", "hearth: --parallel is at least 1\n"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newPlatform(t, c.answers)
			got := start(t, []string{"OPENFAAS_URL=" + s.URL, "HEARTH_DATA=" + dir}, "", c.args...)
			got.Stdout = strings.ReplaceAll(got.Stdout, s.URL, "GATEWAY")
			if d := cmp.Diff(got, c.want); d != "" {
				t.Errorf("got, want:\n%s", d)
			}
			if d := cmp.Diff(s.asked, c.asked); d != "" {
				t.Errorf("asked: got, want:\n%s", d)
			}
		})
	}
}

// A stack file from elsewhere must not learn the password of the platform here.
func TestAStackFileDoesNotGetThePassword(t *testing.T) {
	t.Parallel()
	dir := stackFolder(t)
	s := newPlatform(t, nil)
	env := []string{"STACK_GATEWAY=" + s.URL, "HEARTH_DATA=" + dir, "HOME=" + dir}
	args := []string{"function", "deploy", "docs", "-f", filepath.Join(dir, "stack.yml")}
	if got := start(t, env, "", args...); got.Code != exitUsage || len(s.asked) > 0 {
		t.Errorf("got %+v, asked %v", got, s.asked)
	}
	if got := start(t, env, "", append(args, "--password", "its own")...); got.Code != exitOK || len(s.asked) != 1 {
		t.Errorf("with a password: got %+v, asked %v", got, s.asked)
	}
	if err := os.WriteFile(filepath.Join(dir, propertyFile), []byte("APIHOST="+s.URL+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := start(t, env, "", args...); got.Code != exitOK || len(s.asked) != 2 {
		t.Errorf("with the gateway of this machine: got %+v, asked %v", got, s.asked)
	}
}

func TestANewFunction(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "stack.yml")
	env := []string{"HOME=" + dir}
	begin := func(args ...string) outcome {
		return start(t, env, "", append([]string{"function", "new", "-f", file}, args...)...)
	}
	if got := begin("--list"); got.Stdout != "bash\ndockerfile\ngo\njava\nnode\npython\n" {
		t.Errorf("languages: got %+v", got)
	}
	got := begin("f", "--lang", "bash", "--prefix", "team/")
	if want := "ok: made " + filepath.Join(dir, "f") + ", and an entry of " + file + "\n\nYour function is the script f/handler.sh."; got.Code != exitOK || !strings.HasPrefix(got.Stdout, want) {
		t.Errorf("got %+v", got)
	}
	if got := begin("g", "--lang", "dockerfile"); got.Code != exitOK {
		t.Errorf("got %+v", got)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := "version: 1.0\nprovider:\n  name: openfaas\n  gateway: http://127.0.0.1:8080\nfunctions:\n" +
		"  f:\n    lang: bash\n    handler: ./f\n    image: team/f:latest\n" +
		"  g:\n    lang: dockerfile\n    handler: ./g\n    image: g:latest\n"
	if d := cmp.Diff(string(text), want); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"one that is there", []string{"f", "--lang", "go"}, exitFailed, "function f is there already"},
		{"a folder that is there", []string{"taken", "--lang", "go"}, exitFailed, "taken: file exists"},
		{"an unknown language", []string{"h", "--lang", "cobol"}, exitUsage, `there is no template "cobol"; there are [bash dockerfile go java node python]`},
		{"a name that is none", []string{"../h", "--lang", "go"}, exitUsage, "cannot be a function's name"},
		{"no language", []string{"h"}, exitUsage, "--list shows the languages"},
	} {
		if got := begin(c.args...); got.Code != c.code || !strings.Contains(got.Stderr, c.want) {
			t.Errorf("%s: got %+v", c.name, got)
		}
	}
	if after, err := os.ReadFile(file); err != nil || string(after) != want {
		t.Errorf("the stack file was changed by what was refused: %s, %v", after, err)
	}
}

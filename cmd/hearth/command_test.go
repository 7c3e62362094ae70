package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// platform answers the user commands, and keeps what it was asked.
type platform struct {
	*httptest.Server
	answers map[string]answer // by method and path; others get {}
	asked   []string          // "METHOD uri body"
}

type answer struct {
	status int
	body   string
}

func newPlatform(t *testing.T, answers map[string]answer) *platform {
	t.Helper()
	s := &platform{answers: answers}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read body: %v", err)
		}
		s.asked = append(s.asked, strings.TrimSpace(r.Method+" "+r.RequestURI+" "+string(b)))
		a, ok := s.answers[r.Method+" "+r.URL.Path]
		if !ok {
			a = answer{http.StatusOK, "{}"}
		}
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.body)
	}))
	t.Cleanup(s.Close)
	return s
}

// outcome is what a run of the program did.
type outcome struct {
	Code           int
	Stdout, Stderr string
}

// start runs the program with arguments and environment.
func start(t *testing.T, env []string, stdin string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	p := &program{env: readEnvironment(env), stdin: strings.NewReader(stdin), stdout: &stdout, stderr: &stderr}
	code := p.run(t.Context(), args)
	return outcome{code, stdout.String(), stderr.String()}
}

func (s *platform) env() []string {
	return []string{"HEARTH_APIHOST=" + s.URL, "HEARTH_AUTH=id:secret"}
}

const id = "0123456789abcdef0123456789abcdef"

func TestUserCommands(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "hello.js")
	if err := os.WriteFile(file, []byte("code"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		args    []string
		stdin   string
		answers map[string]answer
		asked   []string
		want    outcome
	}{
		{
			name:  "create an action from a file",
			args:  []string{"action", "create", "hello", file, "-p", "name", "you", "--param", "n", "1", "-t", "30s", "--web", "true"},
			asked: []string{`PUT /api/v1/namespaces/_/actions/hello?overwrite=false {"exec":{"kind":"nodejs:default","code":"code"},"limits":{"timeout":30000},"parameters":[{"key":"n","value":1},{"key":"name","value":"you"}],"annotations":[{"key":"final","value":true},{"key":"raw-http","value":false},{"key":"web-export","value":true}]}`},
			want:  outcome{Stdout: "ok: created action hello\n"},
		},
		{
			name:  "update only the memory",
			args:  []string{"action", "update", "p/hello", "-m", "512"},
			asked: []string{`PUT /api/v1/namespaces/_/actions/p/hello?overwrite=true {"limits":{"memory":512}}`},
			want:  outcome{Stdout: "ok: updated action p/hello\n"},
		},
		{
			name:  "create a sequence",
			args:  []string{"action", "create", "s", "--sequence", "a,/n/p/b"},
			asked: []string{`PUT /api/v1/namespaces/_/actions/s?overwrite=false {"exec":{"kind":"sequence","components":["/_/a","/n/p/b"]}}`},
			want:  outcome{Stdout: "ok: created action s\n"},
		},
		{
			name: "create without code",
			args: []string{"action", "create", "s"},
			want: outcome{Code: exitUsage, Stderr: "hearth: an action needs code: a file, a folder, --docker or --sequence\n"},
		},
		{
			name:    "invoke and print the result, parameters from standard input",
			args:    []string{"invoke", "hello", "-r", "-P", "-", "-p", "a", "2"},
			stdin:   `{"a":1,"b":[]}`,
			answers: map[string]answer{"POST /api/v1/namespaces/_/actions/hello": {200, `{"x":1}`}},
			asked:   []string{`POST /api/v1/namespaces/_/actions/hello?blocking=true&result=true {"a":2,"b":[]}`},
			want:    outcome{Stdout: "{\n  \"x\": 1\n}\n"},
		},
		{
			name:    "invoke without waiting",
			args:    []string{"action", "invoke", "hello"},
			answers: map[string]answer{"POST /api/v1/namespaces/_/actions/hello": {202, `{"activationId":"` + id + `"}`}},
			asked:   []string{`POST /api/v1/namespaces/_/actions/hello?blocking=false&result=false {}`},
			want:    outcome{Stdout: "ok: invoked hello with id " + id + "\n"},
		},
		{
			name:    "invoke and not see the end",
			args:    []string{"invoke", "hello", "-b"},
			answers: map[string]answer{"POST /api/v1/namespaces/_/actions/hello": {202, `{"activationId":"` + id + `"}`}},
			asked:   []string{`POST /api/v1/namespaces/_/actions/hello?blocking=true&result=false {}`},
			want:    outcome{Code: exitPending, Stdout: "ok: invoked hello with id " + id + "\n"},
		},
		{
			name:    "invoke an action that fails",
			args:    []string{"invoke", "hello", "-r"},
			answers: map[string]answer{"POST /api/v1/namespaces/_/actions/hello": {502, `{"error":"no"}`}},
			asked:   []string{`POST /api/v1/namespaces/_/actions/hello?blocking=true&result=true {}`},
			want:    outcome{Code: exitFailed, Stdout: "{\n  \"error\": \"no\"\n}\n"},
		},
		{
			name:    "get what is not there",
			args:    []string{"package", "get", "p"},
			answers: map[string]answer{"GET /api/v1/namespaces/_/packages/p": {404, `{"error":"The requested resource does not exist.","code":"tx"}`}},
			asked:   []string{`GET /api/v1/namespaces/_/packages/p`},
			want:    outcome{Code: exitFailed, Stderr: "hearth: get package: The requested resource does not exist. (status 404, transaction tx)\n"},
		},
		{
			name: "logs of the latest activation, stripped",
			args: []string{"activation", "logs", "--last", "--strip"},
			answers: map[string]answer{
				"GET /api/v1/namespaces/_/activations":                 {200, `[{"activationId":"` + id + `"}]`},
				"GET /api/v1/namespaces/_/activations/" + id + "/logs": {200, `{"logs":["2026-01-02T03:04:05.000000000Z stdout: hi stderr: ho"]}`},
			},
			asked: []string{"GET /api/v1/namespaces/_/activations?limit=1", "GET /api/v1/namespaces/_/activations/" + id + "/logs"},
			want:  outcome{Stdout: "hi stderr: ho\n"},
		},
		{
			name:    "result of an activation",
			args:    []string{"activation", "result", id},
			answers: map[string]answer{"GET /api/v1/namespaces/_/activations/" + id + "/result": {200, `{"result":[1],"success":true}`}},
			asked:   []string{"GET /api/v1/namespaces/_/activations/" + id + "/result"},
			want:    outcome{Stdout: "[\n  1\n]\n"},
		},
		{
			name:  "bind a package",
			args:  []string{"package", "bind", "/n/utils", "mine", "-p", "a", "b"},
			asked: []string{`PUT /api/v1/namespaces/_/packages/mine?overwrite=false {"parameters":[{"key":"a","value":"b"}],"binding":{"namespace":"n","name":"utils"}}`},
			want:  outcome{Stdout: "ok: created package mine\n"},
		},
		{
			name:    "fire a trigger that nobody listens to",
			args:    []string{"trigger", "fire", "t"},
			answers: map[string]answer{"POST /api/v1/namespaces/_/triggers/t": {204, ""}},
			asked:   []string{"POST /api/v1/namespaces/_/triggers/t {}"},
			want:    outcome{Stdout: "ok: fired t, which no active rule listens to\n"},
		},
		{
			name:  "create a rule",
			args:  []string{"rule", "create", "r", "t", "p/a"},
			asked: []string{`PUT /api/v1/namespaces/_/rules/r?overwrite=false {"trigger":"/_/t","action":"/_/p/a"}`},
			want:  outcome{Stdout: "ok: created rule r\n"},
		},
		{
			name:  "disable a rule",
			args:  []string{"rule", "disable", "r"},
			asked: []string{`POST /api/v1/namespaces/_/rules/r {"status":"inactive"}`},
			want:  outcome{Stdout: "ok: disabled rule r\n"},
		},
		{
			name: "create a trigger with a schedule",
			args: []string{"trigger", "create", "t", "--cron", "*/5 * * * *", "--tz", "Europe/Berlin", "--misfire", "skip", "--jitter", "30s"},
			asked: []string{`PUT /api/v1/namespaces/_/triggers/t?overwrite=false ` +
				`{"annotations":[{"key":"cron","value":{"cron":"*/5 * * * *","tz":"Europe/Berlin","misfire":"skip","jitter":"30s"}}]}`},
			want: outcome{Stdout: "ok: created trigger t\n"},
		},
		{
			name: "change the schedule of a trigger, and leave its other annotations",
			args: []string{"trigger", "update", "t", "--cron", "@hourly"},
			answers: map[string]answer{
				"GET /api/v1/namespaces/_/triggers/t": {200, `{"annotations":[{"key":"a","value":1},{"key":"cron","value":"@daily"}]}`},
			},
			asked: []string{
				`GET /api/v1/namespaces/_/triggers/t`,
				`PUT /api/v1/namespaces/_/triggers/t?overwrite=true {"annotations":[{"key":"a","value":1},{"key":"cron","value":{"cron":"@hourly"}}]}`,
			},
			want: outcome{Stdout: "ok: updated trigger t\n"},
		},
		{
			name: "a schedule that makes no sense",
			args: []string{"trigger", "create", "t", "--cron", "often"},
			want: outcome{Code: exitUsage, Stderr: "hearth: cron pattern 'often' is not valid\n"},
		},
		{
			name: "create a trigger whose feed says no",
			args: []string{"trigger", "create", "t", "--feed", "/whisk.system/alarms/alarm", "-p", "cron", "x"},
			answers: map[string]answer{
				"POST /api/v1/namespaces/whisk.system/actions/alarms/alarm": {502, `{"response":{"result":{"error":"cron pattern"}}}`},
			},
			asked: []string{
				`PUT /api/v1/namespaces/_/triggers/t?overwrite=false {"annotations":[{"key":"feed","value":"/whisk.system/alarms/alarm"}]}`,
				`POST /api/v1/namespaces/whisk.system/actions/alarms/alarm?blocking=true&result=false {"authKey":"id:secret","cron":"x","lifecycleEvent":"CREATE","triggerName":"/_/t"}`,
				`DELETE /api/v1/namespaces/_/triggers/t`,
			},
			want: outcome{
				Code:   exitFailed,
				Stderr: "{\n  \"response\": {\n    \"result\": {\n      \"error\": \"cron pattern\"\n    }\n  }\n}\nhearth: feed /whisk.system/alarms/alarm refused CREATE\n",
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newPlatform(t, test.answers)
			got := start(t, s.env(), test.stdin, test.args...)
			if diff := cmp.Diff(got, test.want); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(s.asked, test.asked); diff != "" {
				t.Error(diff)
			}
		})
	}
}

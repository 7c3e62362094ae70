package native_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hearth-faas/hearth/runtime/proxy/native"
	"github.com/hearth-faas/hearth/runtime/proxy/reap"
	"github.com/hearth-faas/hearth/runtime/proxy/sentinel"
)

// setup returns a function that posts, and what the proxy writes to its logs.
func setup(t *testing.T, builtin string) (post func(path, body string) (int, string), out *bytes.Buffer) {
	t.Helper()
	out = new(bytes.Buffer)
	proxy := native.New(filepath.Join(t.TempDir(), "code"), builtin, os.Environ(), reap.New(), sentinel.Streams{Out: out, Err: new(bytes.Buffer)})
	return func(path, body string) (int, string) {
		w := httptest.NewRecorder()
		proxy.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader(body)))
		return w.Code, w.Body.String()
	}, out
}

func initOf(t *testing.T, code string) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"value": map[string]any{"code": code, "env": map[string]any{"A": "b=c"}}})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestRun(t *testing.T) {
	t.Parallel()
	const noObject = `{"error":"The action did not return a dictionary or array."}`
	for name, tt := range map[string]struct {
		script, request, want, logs string
		status                      int
	}{
		"the last line is the result": {`echo one; echo two; echo '{"a":1}'`, `{"value":{}}`, `{"a":1}`, "one\ntwo\n", 200},
		"parameters are an argument":  {`echo "$1"`, `{"value":{"n":[1,2]}}`, `{"n":[1,2]}`, "", 200},
		"parameters are the input":    {`cat`, `{"value":[1]}`, `[1]`, "", 200},
		"large ones are input only":   {`[ $# = 0 ] && cat`, `{"value":{"x":"` + strings.Repeat("y", 1<<18) + `"}}`, `{"x":"` + strings.Repeat("y", 1<<18) + `"}`, "", 200},
		"context and init variables":  {`echo "{\"a\":\"$A\",\"n\":\"$__OW_NAMESPACE\"}"`, `{"value":{},"namespace":"guest"}`, `{"a":"b=c","n":"guest"}`, "", 200},
		"no newline at the end":       {`printf 'x\n{"a":1}'`, `{"value":{}}`, `{"a":1}`, "x\n", 200},
		"a failure with a result":     {`echo '{"error":"no"}'; exit 3`, `{"value":{}}`, `{"error":"no"}`, "", 200},
		"a failure without":           {`echo oops; exit 3`, `{"value":{}}`, noObject, "oops\n", 502},
		"no output":                   {`true`, `{"value":{}}`, noObject, "", 502},
		"a scalar":                    {`echo 5`, `{"value":{}}`, noObject, "5\n", 502},
		"a scalar as parameters":      {`echo '{}'`, `{"value":5}`, `{"error":"The action did not receive a dictionary or array as an argument."}`, "", 404},
		"no JSON":                     {`echo '{}'`, `{`, `{"error":"Error unmarshaling request: unexpected end of JSON input"}`, "", 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			post, out := setup(t, "")
			if status, body := post("/init", initOf(t, "#!/bin/sh\n"+tt.script+"\n")); status != 200 || body != `{"ok":true}` {
				t.Fatalf("init: got %d %s", status, body)
			}
			status, body := post("/run", tt.request)
			if status != tt.status || body != tt.want {
				t.Errorf("got %d %.300s, want %d %.300s", status, body, tt.status, tt.want)
			}
			if got, want := out.String(), tt.logs+sentinel.Line+"\n"; got != want {
				t.Errorf("logs: got %q, want %q", got, want)
			}
		})
	}
}

func TestInit(t *testing.T) {
	t.Parallel()
	const noBinary = `{"error":"The action failed to generate or locate a binary. See logs for details."}`
	builtin := filepath.Join(t.TempDir(), "builtin")
	writeScript(t, builtin, "#!/bin/sh\necho '{\"built\":\"in\"}'\n")

	t.Run("wants code", func(t *testing.T) {
		t.Parallel()
		post, _ := setup(t, "")
		if status, body := post("/init", `{"value":{}}`); status != 502 || body != noBinary {
			t.Errorf("got %d %s", status, body)
		}
		if status, body := post("/run", `{"value":{}}`); status != 502 || body != `{"error":"The action failed to locate a binary. See logs for details."}` {
			t.Errorf("run: got %d %s", status, body)
		}
	})
	t.Run("wants none where the image has an executable", func(t *testing.T) {
		t.Parallel()
		post, _ := setup(t, builtin)
		if status, body := post("/init", `{"value":{}}`); status != 200 {
			t.Errorf("got %d %s", status, body)
		}
		if status, body := post("/run", `{"value":{}}`); status != 200 || body != `{"built":"in"}` {
			t.Errorf("run: got %d %s", status, body)
		}
	})
	t.Run("happens once", func(t *testing.T) {
		t.Parallel()
		post, _ := setup(t, builtin)
		post("/init", `{"value":{}}`)
		if status, body := post("/init", `{"value":{}}`); status != 403 || body != `{"error":"Cannot initialize the action more than once."}` {
			t.Errorf("got %d %s", status, body)
		}
	})
	t.Run("refuses what is no base64", func(t *testing.T) {
		t.Parallel()
		post, _ := setup(t, "")
		if status, body := post("/init", `{"value":{"code":"%","binary":true}}`); status != 502 || body != noBinary {
			t.Errorf("got %d %s", status, body)
		}
	})
}

// writeScript makes an executable. No process is started meanwhile: one that
// inherited the open file would keep it from being executed.
func writeScript(t *testing.T, file, text string) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommandsForFunctions(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, passwordFile), []byte("open sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		args    []string
		answers map[string]answer
		asked   []string
		want    outcome
	}{
		{
			"list", []string{"function", "list", "-n", "dev"},
			map[string]answer{"GET /system/functions": {http.StatusOK, `[{"name":"f","image":"i","replicas":2,"availableReplicas":1,"invocationCount":7}]`}},
			[]string{"GET /system/functions?namespace=dev"},
			outcome{0, "NAME  INVOCATIONS  READY  REPLICAS  IMAGE\nf     7            1      2         i\n", ""},
		},
		{
			"deploy what is there",
			[]string{"function", "deploy", "f", "--image", "i", "--env", "a=b=c", "--label", "l=1", "--annotate", "topic=t", "--secret", "s", "--memory-limit", "64Mi", "--process", "cat", "--read-only"},
			nil,
			[]string{`PUT /system/functions? {"service":"f","image":"i","envProcess":"cat","envVars":{"a":"b=c"},"labels":{"l":"1"},` +
				`"annotations":{"topic":"t"},"secrets":["s"],"limits":{"memory":"64Mi"},"readOnlyRootFilesystem":true}`},
			outcome{0, "ok: replaced function f: GATEWAY/function/f\n", ""},
		},
		{
			"deploy what is not there", []string{"function", "deploy", "f", "--image", "i", "-n", "dev"},
			map[string]answer{"PUT /system/functions": {http.StatusNotFound, "function f not found\n"}},
			[]string{
				`PUT /system/functions? {"service":"f","image":"i","namespace":"dev"}`,
				`POST /system/functions? {"service":"f","image":"i","namespace":"dev"}`,
			},
			outcome{0, "ok: made function f: GATEWAY/function/f.dev\n", ""},
		},
		{
			"describe", []string{"function", "describe", "f"},
			map[string]answer{"GET /system/function/f": {http.StatusOK, `{"name":"f"}`}},
			[]string{"GET /system/function/f?"},
			outcome{0, "{\n  \"name\": \"f\"\n}\n", ""},
		},
		{
			"describe what is not there", []string{"function", "describe", "f"},
			map[string]answer{"GET /system/function/f": {http.StatusNotFound, ""}},
			[]string{"GET /system/function/f?"},
			outcome{exitFailed, "", "hearth: there is no function f\n"},
		},
		{
			"scale", []string{"function", "scale", "f", "0"}, nil,
			[]string{`POST /system/scale-function/f? {"namespace":"","replicas":0,"serviceName":"f"}`},
			outcome{0, "ok: function f will have 0 replicas\n", ""},
		},
		{
			"remove", []string{"function", "remove", "f", "--namespace", "dev"}, nil,
			[]string{`DELETE /system/functions? {"functionName":"f","namespace":"dev"}`},
			outcome{0, "ok: deleted function f\n", ""},
		},
		{
			"remove what is not there", []string{"function", "remove", "f"},
			map[string]answer{"DELETE /system/functions": {http.StatusNotFound, "function f not found\n"}},
			[]string{`DELETE /system/functions? {"functionName":"f","namespace":""}`},
			outcome{exitFailed, "", "hearth: function f not found (status 404)\n"},
		},
		{
			"logs", []string{"function", "logs", "f", "--tail", "3", "-f"},
			map[string]answer{"GET /system/logs": {http.StatusOK, `{"timestamp":"2026-01-02T03:04:05.678Z","instance":"c","text":"hello"}` + "\n"}},
			[]string{"GET /system/logs?follow=true&name=f&tail=3"},
			outcome{0, "2026-01-02 03:04:05.678 c hello\n", ""},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newPlatform(t, c.answers)
			got := start(t, []string{"HEARTH_GATEWAY=" + s.URL, "HEARTH_DATA=" + data}, "", c.args...)
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

func TestCommandsForFunctionsNeedAPlatformAndAPassword(t *testing.T) {
	t.Parallel()
	home := "HOME=" + t.TempDir()
	for _, env := range [][]string{{home}, {home, "HEARTH_GATEWAY=http://127.0.0.1:1"}} {
		if got := start(t, env, "", "function", "list"); got.Code != exitUsage {
			t.Errorf("got %+v", got)
		}
	}
}

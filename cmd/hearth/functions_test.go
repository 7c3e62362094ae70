package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/hearth-faas/hearth/apiserver/openwhisk"
	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

func TestCredentialsOfTheGateway(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	operator := openwhisk.Admin{User: "admin", Password: "of the operator"}
	settings := apiSettings{functionSettings: functionSettings{FunctionNamespace: "guest"}}
	if opt, ok, err := settings.gateway(operator); err != nil || !ok || opt.User != "admin" || opt.Password != "of the operator" || opt.Namespace != "guest" {
		t.Errorf("the operator's: got %+v, %v, %v", opt, ok, err)
	}
	if _, ok, err := settings.gateway(openwhisk.Admin{}); err != nil || ok {
		t.Errorf("nobody's: got %v, %v", ok, err)
	}
	settings.GatewaySecrets = dir
	if _, _, err := settings.gateway(operator); err == nil {
		t.Error("files that are not there were read")
	}
	for file, text := range map[string]string{gatewayUserFile: " gate\n", gatewayPasswordFile: "keeper\n\n"} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if opt, ok, err := settings.gateway(openwhisk.Admin{}); err != nil || !ok || opt.User != "gate" || opt.Password != "keeper" {
		t.Errorf("the files': got %+v, %v, %v", opt, ok, err)
	}
	if err := os.WriteFile(filepath.Join(dir, gatewayPasswordFile), []byte(" \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := settings.gateway(operator); err == nil {
		t.Error("an empty password was accepted")
	}
}

func TestReplicasThatAreWantedAreCounted(t *testing.T) {
	t.Parallel()
	rdb := storetest.Redis(t)
	db, ctx, log := store.New(rdb), t.Context(), slog.New(slog.DiscardHandler)
	plane := control.New(db, queue.NewClient(rdb), log, control.Options{Server: "test"})
	for ns, labels := range map[string]map[string]string{"guest": nil, "dev": {"openfaas": "1"}, "foreign": nil} {
		if _, err := db.CreateNotedNamespace(ctx, ns, store.Notes{Labels: labels}); err != nil {
			t.Fatal(err)
		}
		f := &core.Action{
			Meta: core.Meta{Name: core.Name{Namespace: ns, Name: "f"}, Version: core.FirstVersion},
			Exec: core.Exec{Kind: core.KindFunction, Image: "image"}, Limits: core.DefaultLimits(),
			Function: &core.Function{}, Replicas: len(ns),
		}
		if err := db.PutAction(ctx, f, ""); err != nil {
			t.Fatal(err)
		}
	}
	all := prometheus.NewPedanticRegistry()
	all.MustRegister(newFunctionCounts(db, plane, log, "guest"))
	families, err := all.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]map[string]float64{}
	for _, family := range families {
		got[family.GetName()] = map[string]float64{}
		for _, m := range family.GetMetric() {
			got[family.GetName()][m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue()
		}
	}
	if d := cmp.Diff(got, map[string]map[string]float64{
		"gateway_service_count":       {"f.openfaas-fn": 5, "f.dev": 3},
		"gateway_service_ready_count": {"f.openfaas-fn": 0, "f.dev": 0},
		"gateway_service_min":         {"f.openfaas-fn": 1, "f.dev": 1},
		"gateway_service_target":      {"f.openfaas-fn": 5, "f.dev": 5},
	}); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
}

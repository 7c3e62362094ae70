package userevents_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
	"github.com/hearth-faas/hearth/userevents"
)

func hello(name string) *core.Activation {
	return &core.Activation{
		Ref:    core.Ref{Namespace: "guest", ID: "0123456789abcdef0123456789abcdef"},
		Action: core.Name{Namespace: "shared", Package: "pk", Name: name}, Kind: "nodejs:24", Limits: core.DefaultLimits(),
		Subject: "me", KeyUUID: "uuid", Cause: core.Cause{Parent: "fedcba9876543210fedcba9876543210"},
	}
}

func TestMetricsHaveTheNamesOfOpenWhisk(t *testing.T) {
	t.Parallel()
	metrics := prometheus.NewPedanticRegistry()
	r, err := userevents.New(store.New(storetest.Redis(t)), slog.New(slog.DiscardHandler), metrics, userevents.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o := r.Observer()
	o.Ended(hello("hi"), core.Outcome{InitTime: 40 * time.Millisecond, Duration: time.Second, Size: 2, Result: core.JSON(`{}`)})
	o.Ended(hello("hi"), core.Outcome{Status: core.StatusApplicationError, Result: core.JSON(`{"error":{"statusCode":404}}`)})
	o.Ended(hello("hi"), core.Outcome{Status: core.StatusDeveloperError, Result: core.JSON(`{"statusCode":123456}`)})
	o.Ended(&core.Activation{Ref: core.Ref{Namespace: "guest"}}, core.Outcome{}) // a trigger
	o.Refused(core.Subject{Namespace: core.Namespace{Name: "guest"}}, control.LimitRate)
	want := `
# HELP openwhisk_action_activations_total Activations that have ended.
# TYPE openwhisk_action_activations_total counter
openwhisk_action_activations_total{action="pk/hi",initiator="guest",kind="nodejs:24",memory="256",namespace="shared"} 3
# HELP openwhisk_action_coldStarts_total Activations that initialised a container.
# TYPE openwhisk_action_coldStarts_total counter
openwhisk_action_coldStarts_total{action="pk/hi",initiator="guest",namespace="shared"} 1
# HELP openwhisk_action_limit_timed_total Calls refused since too many came in the minute.
# TYPE openwhisk_action_limit_timed_total counter
openwhisk_action_limit_timed_total{namespace="guest"} 1
# HELP openwhisk_action_memory Memory of the action's containers, in MB.
# TYPE openwhisk_action_memory gauge
openwhisk_action_memory{action="pk/hi",initiator="guest",namespace="shared"} 256
# HELP openwhisk_action_status Activations by how they ended.
# TYPE openwhisk_action_status counter
openwhisk_action_status{action="pk/hi",initiator="guest",namespace="shared",status="application_error"} 1
openwhisk_action_status{action="pk/hi",initiator="guest",namespace="shared",status="developer_error"} 1
openwhisk_action_status{action="pk/hi",initiator="guest",namespace="shared",status="success"} 1
# HELP openwhisk_action_status_code Activations by the statusCode of their result.
# TYPE openwhisk_action_status_code counter
openwhisk_action_status_code{action="pk/hi",initiator="guest",namespace="shared",statusCode="404"} 1
openwhisk_action_status_code{action="pk/hi",initiator="guest",namespace="shared",statusCode="other"} 1
`
	got := shown(metrics)
	for line := range strings.Lines(strings.TrimSpace(want)) {
		if !strings.Contains(got, strings.TrimSpace(line)+"\n") {
			t.Errorf("there is no %s in\n%s", line, got)
		}
	}
	for name, count := range map[string]int{"waitTime_seconds": 3, "initTime_seconds": 1, "duration_seconds": 3, "response_size_bytes": 3} {
		line := fmt.Sprintf("openwhisk_action_%s_count{action=\"pk/hi\",initiator=\"guest\",namespace=\"shared\"} %d\n", name, count)
		if !strings.Contains(got, line) {
			t.Errorf("there is no %s in\n%s", line, got)
		}
	}
}

// shown is what an operator gets.
func shown(metrics *prometheus.Registry) string {
	rec := httptest.NewRecorder()
	promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return rec.Body.String()
}

func TestManyActionsShareTheirMetrics(t *testing.T) {
	t.Parallel()
	metrics := prometheus.NewRegistry()
	r, err := userevents.New(store.New(storetest.Redis(t)), slog.New(slog.DiscardHandler), metrics, userevents.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1100 {
		r.Observer().Ended(hello(fmt.Sprint("a", i)), core.Outcome{})
		r.Observer().Refused(core.Subject{Namespace: core.Namespace{Name: fmt.Sprint("n", i)}}, control.LimitConcurrent)
	}
	got := shown(metrics)
	for _, name := range []string{"openwhisk_action_activations_total{", "openwhisk_action_limit_concurrent_total{"} {
		if n := strings.Count(got, name); n != 1001 {
			t.Errorf("%s: got %d, want 1001", name, n)
		}
	}
}

func TestEventsHaveTheFormOfOpenWhisk(t *testing.T) {
	t.Parallel()
	rdb := storetest.Redis(t)
	r, err := userevents.New(store.New(rdb), slog.New(slog.DiscardHandler), prometheus.NewRegistry(), userevents.Options{Source: "w1", Stream: true})
	if err != nil {
		t.Fatal(err)
	}
	out := core.Outcome{
		Status: core.StatusApplicationError, InitTime: 40 * time.Millisecond, WaitTime: 5 * time.Millisecond,
		Duration: time.Second, Result: core.JSON(`{"error":{"statusCode":404}}`), Size: 28,
	}
	r.Observer().Ended(hello("hi"), out)
	r.Observer().Refused(core.Subject{Name: "me", UUID: "uuid", Namespace: core.Namespace{Name: "guest"}}, control.LimitRate)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Run(ctx); err != nil { // what waits is written at the end, too
		t.Fatal(err)
	}
	entries, err := rdb.XRange(t.Context(), "hearth:userevents", "-", "+").Result()
	if err != nil || len(entries) != 2 {
		t.Fatalf("got %v, %v, want two", entries, err)
	}
	var got []map[string]any
	for _, e := range entries {
		var m map[string]any
		text, _ := e.Values["event"].(string)
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Fatal(err)
		}
		if at, _ := m["timestamp"].(float64); at <= 0 {
			t.Errorf("got %v", m["timestamp"])
		}
		delete(m, "timestamp")
		got = append(got, m)
	}
	want := []map[string]any{{
		"eventType": "Activation", "source": "w1", "subject": "me", "userId": "uuid", "namespace": "guest",
		"body": map[string]any{
			"name": "shared/pk/hi", "activationId": "0123456789abcdef0123456789abcdef", "statusCode": 1.0, "duration": 1000.0,
			"waitTime": 5.0, "initTime": 40.0, "kind": "nodejs:24", "conductor": false, "memory": 256.0,
			"causedBy": "sequence", "size": 28.0, "userDefinedStatusCode": 404.0,
		},
	}, {
		"eventType": "Metric", "source": "w1", "subject": "me", "userId": "uuid", "namespace": "guest",
		"body": map[string]any{"metricName": "TimedRateLimit", "metricValue": 1.0},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

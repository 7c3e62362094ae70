package direct_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/direct"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

// bare is a gateway without a worker; a nil actions serves no web actions.
func bare(t *testing.T, actions http.Handler, list ...*core.Action) *direct.Gateway {
	t.Helper()
	rdb, log := storetest.Redis(t), slog.New(slog.DiscardHandler)
	db := store.New(rdb)
	plane := control.New(db, queue.NewClient(rdb), log, control.Options{Server: "test"})
	_, err := db.CreateNamespace(t.Context(), "guest")
	must(t, err)
	for _, a := range list {
		must(t, db.PutAction(t.Context(), a, ""))
	}
	tally, err := direct.NewTally(plane, log, "guest", prometheus.NewRegistry())
	must(t, err)
	gateway := direct.NewGateway(direct.NewRouter(plane, log, direct.Options{Hold: 1}), tally, log, direct.GatewayOptions{Namespace: "guest", AsyncLimit: 100})
	gateway.SetActions(actions)
	return gateway
}

func webAction(name string, annotations ...core.Param) *core.Action {
	return &core.Action{
		Meta: core.Meta{
			Name: core.Name{Namespace: "guest", Name: name}, Version: core.FirstVersion,
			Annotations: append(core.Params{{Key: "web-export", Value: core.JSON("true")}}, annotations...),
		},
		Exec: core.Exec{Kind: "nodejs:24"}, Limits: core.DefaultLimits(),
	}
}

func TestPublicWebActionsAreCalledAsFunctions(t *testing.T) {
	t.Parallel()
	actions := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Path", r.RequestURI)
		w.WriteHeader(http.StatusTeapot)
	})
	secret := func(value string) core.Param { return core.Param{Key: "require-whisk-auth", Value: core.JSON(value)} }
	private := webAction("private")
	private.Annotations = nil
	gateway := bare(t, actions, webAction("open"), webAction("declared", secret("false")), webAction("guarded", secret(`"s"`)),
		webAction("users", secret("true")), private)
	for _, c := range []struct {
		name, path string
		status     int
		seen       string
	}{
		{"ok, without a path", "/function/open", 418, "/api/v1/web/guest/default/open.http"},
		{"ok, with path and query", "/function/open.openfaas-fn/a%2Fb/c?x=1", 418, "/api/v1/web/guest/default/open.http/a%2Fb/c?x=1"},
		{"ok, said to be open", "/function/declared", 418, "/api/v1/web/guest/default/declared.http"},
		{"nok, with a secret", "/function/guarded", 404, ""},
		{"nok, for users", "/function/users", 404, ""},
		{"nok, no web action", "/function/private", 404, ""},
		{"nok, through the queue", "/async-function/open", 404, ""},
	} {
		rec := httptest.NewRecorder()
		gateway.ServeHTTP(rec, httptest.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPost, c.path, strings.NewReader("{}")))
		if rec.Code != c.status || rec.Header().Get("X-Path") != c.seen || rec.Header().Get("X-Call-Id") == "" || rec.Header().Get("X-Start-Time") == "" {
			t.Errorf("%s: got %d, %v", c.name, rec.Code, rec.Header())
		}
	}
}

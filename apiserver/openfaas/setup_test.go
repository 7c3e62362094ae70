package openfaas_test

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/apiserver"
	"github.com/hearth-faas/hearth/apiserver/openfaas"
	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/runtime/kinds"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

const (
	user     = "admin"
	password = "open sesame"
)

// gateway is the server with the dialect on a real Redis. Its default
// namespace is guest; the namespace foreign is none of functions.
type gateway struct {
	plane   *control.Plane
	db      *store.DB
	handler http.Handler
	// open is the server without credentials.
	open http.Handler
}

func setup(t *testing.T) *gateway {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	rdb := storetest.Redis(t)
	g := &gateway{db: store.New(rdb)}
	g.plane = control.New(g.db, queue.NewClient(rdb), log, control.Options{})
	for _, name := range []string{"guest", "foreign"} {
		if _, err := g.db.CreateNamespace(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	options := openfaas.Options{Namespace: "guest", Release: "1.2.3", Commit: "abc", User: user, Password: password}
	g.handler = serve(t, g.plane, log, options)
	options.User = ""
	g.open = serve(t, g.plane, log, options)
	return g
}

func serve(t *testing.T, plane *control.Plane, log *slog.Logger, options openfaas.Options) http.Handler {
	t.Helper()
	s, err := apiserver.New(plane, kinds.Default(), log, apiserver.Options{
		Mounts: []func(*echo.Echo){openfaas.New(plane, log, options).Mount},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s.Handler()
}

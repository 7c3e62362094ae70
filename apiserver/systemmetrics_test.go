package apiserver_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/apiserver"
)

func TestRequestsToSystemAreCountedUnderTheirDashboardsNames(t *testing.T) {
	t.Parallel()
	s := newServer(t, apiserver.Options{Mounts: []func(*echo.Echo){func(e *echo.Echo) {
		e.GET("/system/function/:name", func(c echo.Context) error { return c.NoContent(http.StatusTeapot) })
		e.GET("/elsewhere", func(c echo.Context) error { return c.NoContent(http.StatusTeapot) })
	}}})
	get(t, s.Handler(), "/system/function/a")
	get(t, s.Handler(), "/system/function/b")
	get(t, s.Handler(), "/elsewhere")
	metrics := get(t, s.Handler(), "/metrics").Body.String()
	for _, want := range []string{
		`http_requests_total{method="GET",path="/system/function/:name",status="418"} 2`,
		`http_request_duration_seconds_count{method="GET",path="/system/function/:name",status="418"} 2`,
	} {
		if !strings.Contains(metrics, "\n"+want+"\n") {
			t.Errorf("no line %s", want)
		}
	}
	if strings.Contains(metrics, `path="/elsewhere"`) {
		t.Error("another path was counted")
	}
}

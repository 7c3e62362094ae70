package apiserver_test

import (
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/apiserver"
)

func TestStoppingDoesNotWaitForThoseWhoFollow(t *testing.T) {
	t.Parallel()
	in, release := make(chan struct{}, 1), make(chan struct{})
	// With a drain this long the test would not end, were the stream waited for.
	url, stop := start(t, apiserver.Options{Drain: 10 * patience, Mounts: []func(*echo.Echo){mountGate(in, release)}})
	got := make(chan int, 1)
	go func() {
		req, err := http.NewRequest(http.MethodGet, url+"/gate", nil)
		if err != nil {
			got <- 0
			return
		}
		req.Header.Set("Accept", "text/event-stream")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			got <- 0
			return
		}
		_ = resp.Body.Close()
		got <- resp.StatusCode
	}()
	<-in
	stop()
	if code := <-got; code != http.StatusServiceUnavailable {
		t.Errorf("the stream was ended with %d", code)
	}
}

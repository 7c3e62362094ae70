package apiserver_test

import (
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/apiserver"
	"github.com/hearth-faas/hearth/apiserver/openwhisk"
)

func TestStoppingDoesNotWaitForThoseWhoFollow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		disable bool
	}{
		{"a server that takes calls", false},
		{"a server that its operator has disabled", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in, release := make(chan struct{}, 1), make(chan struct{})
			admin := openwhisk.Admin{User: "operator", Password: "of this place"}
			// With a drain this long the test would not end, were the stream waited for.
			url, stop := start(t, apiserver.Options{
				Drain: 10 * patience, Mounts: []func(*echo.Echo){mountGate(in, release)},
				OpenWhisk: openwhisk.Options{Admin: admin},
			})
			if test.disable {
				disable(t, url, admin)
			}
			got := make(chan int, 1)
			go func() { got <- follow(url + "/gate") }()
			<-in
			stop()
			if code := <-got; code != http.StatusServiceUnavailable {
				t.Errorf("the stream was ended with %d", code)
			}
		})
	}
}

// follow asks for events, and returns the status of the answer, 0 for none.
func follow(url string) int {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return 0
	}
	req.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func disable(t *testing.T, url string, admin openwhisk.Admin) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/disable", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(admin.User, admin.Password)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("disable: got %d", resp.StatusCode)
	}
}

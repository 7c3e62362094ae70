package openwhisk_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
)

// TestParallelRequestsLeaveNothingBehind has 50 clients create, change and
// delete entities of all types under the same few names, and then looks for
// what does not fit together, as hearth doctor --deep does.
func TestParallelRequestsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	p := setup(t)
	requests := []struct{ method, target, body string }{
		{http.MethodPut, "packages/p?overwrite=true", `{}`},
		{http.MethodPut, "actions/p/x?overwrite=true", actionBody},
		{http.MethodPut, "actions/x", actionBody},
		{http.MethodPut, "triggers/x?overwrite=true", `{}`},
		{http.MethodPut, "triggers/t?overwrite=true", `{}`},
		{http.MethodPut, "rules/r?overwrite=true", `{"trigger":"/_/t","action":"/_/p/x"}`},
		{http.MethodPut, "rules/r?overwrite=true", `{"trigger":"/_/x","action":"/_/x"}`},
		{http.MethodPost, "rules/r", `{"status":"inactive"}`},
		{http.MethodDelete, "actions/p/x", ""},
		{http.MethodDelete, "actions/x", ""},
		{http.MethodDelete, "triggers/t", ""},
		{http.MethodDelete, "triggers/x", ""},
		{http.MethodDelete, "rules/r", ""},
		{http.MethodDelete, "packages/p?force=true", ""},
	}
	var mu sync.Mutex
	done := map[string]int{}
	var all sync.WaitGroup
	for client := range 50 {
		all.Go(func() {
			for n := range 2 * len(requests) {
				r := requests[(client*5+n)%len(requests)]
				rec := p.call(r.method, "/api/v1/namespaces/_/"+r.target, r.body)
				switch rec.Code {
				case http.StatusOK:
					mu.Lock()
					done[r.method]++
					mu.Unlock()
				case http.StatusBadRequest, http.StatusNotFound, http.StatusConflict:
				default:
					t.Errorf("%s %s: got %d %s", r.method, r.target, rec.Code, rec.Body)
				}
			}
		})
	}
	all.Wait()
	for _, method := range []string{http.MethodPut, http.MethodPost, http.MethodDelete} {
		if done[method] == 0 {
			t.Errorf("no %s ever succeeded: %s", method, fmt.Sprint(done))
		}
	}
	found, err := p.db.Check(t.Context())
	if err != nil || len(found) > 0 {
		t.Errorf("got %v, %v, want everything to fit together", found, err)
	}
}

package direct_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/hearth-faas/hearth/apiserver/goldentest"
	"github.com/hearth-faas/hearth/core"
)

// Each answer has the call's own id; times and ids of activations change.
func TestAnswersOfThePlatform(t *testing.T) {
	t.Parallel()
	f := &core.Action{
		Meta: core.Meta{Name: core.Name{Namespace: "guest", Name: "f"}, Version: core.FirstVersion},
		Exec: core.Exec{Kind: core.KindFunction, Image: "image"}, Limits: core.DefaultLimits(), Function: &core.Function{}, Replicas: 1,
	}
	gateway := bare(t, nil, f)
	changes := regexp.MustCompile(`(X-Start-Time: |/activations/)[0-9a-f]+`)
	goldentest.Run(t, "testdata/errors.http", goldentest.Options{
		Serve: func(_ *testing.T, _ goldentest.Exchange, rec *httptest.ResponseRecorder, req *http.Request) {
			req.Header.Set("X-Call-Id", "call")
			gateway.ServeHTTP(rec, req)
		},
		Mask: func(answer string) string { return changes.ReplaceAllString(answer, "$1<changes>") },
	})
}

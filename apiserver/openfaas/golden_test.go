package openfaas_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/apiserver/goldentest"
)

// TestGoldenExchanges holds the conversations of testdata, each with a gateway
// of its own. Beside the hints of goldentest there are
//
//	@as nobody   no credentials; otherwise the gateway's, unless Authorization is given
//	@via open    the gateway that wants none
func TestGoldenExchanges(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.http")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".http"), func(t *testing.T) {
			t.Parallel()
			g := setup(t)
			goldentest.Run(t, file, goldentest.Options{Serve: g.answer, Mask: mask})
		})
	}
}

func (g *gateway) answer(t *testing.T, x goldentest.Exchange, rec *httptest.ResponseRecorder, req *http.Request) {
	t.Helper()
	if x.Header.Get("Authorization") == "" && x.Hints["as"] != "nobody" {
		req.SetBasicAuth(user, password)
	}
	handler := g.handler
	if x.Hints["via"] == "open" {
		handler = g.open
	}
	handler.ServeHTTP(rec, req)
}

var (
	created = regexp.MustCompile(`("createdAt": ")[^"]+`)
	machine = regexp.MustCompile(`("arch": ")[^"]+`)
)

func mask(s string) string {
	return machine.ReplaceAllString(created.ReplaceAllString(s, "$1<time>"), "$1<arch>")
}

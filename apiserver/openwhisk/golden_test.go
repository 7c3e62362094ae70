package openwhisk_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/apiserver/goldentest"
)

// TestGoldenExchanges holds the conversations of testdata, each with a
// platform of its own. Beside the hints of goldentest there are
//
//	@as NAME     credentials of the namespace; nobody: none; else Authorization as given
//	@via past    the server with the older manifest
//
// and @save keeps the activation id that was answered.
func TestGoldenExchanges(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.http")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	doc := readSwagger(t)
	platforms := make([]*platform, len(files))
	for i := range files {
		platforms[i] = setup(t)
	}
	// The last to be registered is the first to run: all of them end at once,
	// before the first is waited for.
	t.Cleanup(func() {
		for _, p := range platforms {
			p.stop()
		}
	})
	for i, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".http"), func(t *testing.T) {
			t.Parallel()
			c := conversation{platforms[i], map[string]string{}}
			goldentest.Run(t, file, goldentest.Options{
				Serve: c.serve,
				Save:  func(rec *httptest.ResponseRecorder) string { return rec.Header().Get("X-Openwhisk-Activation-Id") },
				Mask:  c.mask,
				Check: func(t *testing.T, x goldentest.Exchange, rec *httptest.ResponseRecorder) {
					if x.Header.Get("Accept") == "" {
						doc.check(t, x, rec)
					}
				},
			})
		})
	}
}

type conversation struct {
	*platform
	ids map[string]string // activation ids and what masks them
}

func (c conversation) serve(t *testing.T, x goldentest.Exchange, rec *httptest.ResponseRecorder, req *http.Request) {
	t.Helper()
	if x.Header.Get("Authorization") == "" && x.Hints["as"] != "nobody" {
		as := x.Hints["as"]
		if as == "" {
			as = "guest"
		}
		key, ok := c.keys[as]
		if !ok {
			t.Fatalf("%s: no namespace %q", x.Title, as)
		}
		req.SetBasicAuth(key.UUID, key.Secret)
	}
	handler := c.handler
	if x.Hints["via"] == "past" {
		handler = c.past
	}
	handler.ServeHTTP(rec, req)
}

var (
	times    = regexp.MustCompile(`("(?:updated|start|end)": )\d+`)
	waitTime = regexp.MustCompile(`("key": "waitTime",\s+"value": )\d+`)
	hex32    = regexp.MustCompile(`\b[0-9a-f]{32}\b`)
)

func (c conversation) mask(s string) string {
	s = times.ReplaceAllString(s, `$1"<time>"`)
	s = waitTime.ReplaceAllString(s, `$1"<time>"`)
	return hex32.ReplaceAllStringFunc(s, func(id string) string {
		if strings.Trim(id, "0") == "" {
			return id // written so in the request
		}
		if c.ids[id] == "" {
			c.ids[id] = fmt.Sprintf("<id %d>", len(c.ids)+1)
		}
		return c.ids[id]
	})
}

package openwhisk_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/hearth-faas/hearth/apiserver/goldentest"
)

// swaggerDoc is the served description, with the schemas of its answers.
type swaggerDoc struct {
	paths map[string]map[string]json.RawMessage
	// routes are the paths as expressions, most special first.
	routes []swaggerRoute

	mu       sync.Mutex
	compiler *jsonschema.Compiler
}

type swaggerRoute struct {
	path string
	expr *regexp.Regexp
}

const swaggerURL = "http://hearth.example/swagger.json"

func readSwagger(t *testing.T) *swaggerDoc {
	t.Helper()
	file, err := os.Open("swagger.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	root, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		t.Fatal(err)
	}
	d := &swaggerDoc{compiler: jsonschema.NewCompiler()}
	d.compiler.DefaultDraft(jsonschema.Draft4)
	if err := d.compiler.AddResource(swaggerURL, root); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("swagger.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	d.paths = doc.Paths
	for path := range doc.Paths {
		expr := regexp.MustCompile(`\{\w+\}`).ReplaceAllString(path, `[^/]+`)
		d.routes = append(d.routes, swaggerRoute{path, regexp.MustCompile(`\A/api/v1` + expr + `\z`)})
	}
	return d
}

// check fails when the answer is not one that the description promises. What
// is not described (unknown paths, methods that are refused, OPTIONS) is only
// checked to be an error in OpenWhisk's form.
func (d *swaggerDoc) check(t *testing.T, x goldentest.Exchange, rec *httptest.ResponseRecorder) {
	t.Helper()
	path, _, _ := strings.Cut(x.Target, "?")
	if strings.HasPrefix(path, "/api/v1/web/") || rec.Body.Len() == 0 {
		return
	}
	pointer, ok := d.schema(t, x.Method, path, rec.Code)
	if !ok {
		if rec.Code >= http.StatusBadRequest && rec.Code != http.StatusInternalServerError && rec.Code != http.StatusBadGateway {
			d.validate(t, x, "/definitions/Error", rec.Body.String())
		}
		return
	}
	if strings.Contains(x.Target, "count=true") || strings.Contains(x.Target, "docs=true") {
		return // the description says in words what these change
	}
	if pointer != "" {
		d.validate(t, x, pointer, rec.Body.String())
	}
}

// schema finds the schema of an answer. It is "" where the description gives
// none, and ok is false where it does not describe the operation.
func (d *swaggerDoc) schema(t *testing.T, method, path string, status int) (pointer string, ok bool) {
	t.Helper()
	for _, route := range d.routes {
		raw, has := d.paths[route.path][strings.ToLower(method)]
		if !has || !route.expr.MatchString(path) {
			continue
		}
		var op struct {
			Responses map[string]struct {
				Schema struct {
					Ref string `json:"$ref"`
				}
			}
		}
		if err := json.Unmarshal(raw, &op); err != nil {
			t.Fatal(err)
		}
		answer, described := op.Responses[strconv.Itoa(status)]
		if !described {
			t.Errorf("%s %s: %d is not described", method, route.path, status)
			return "", true
		}
		return strings.TrimPrefix(answer.Schema.Ref, "#"), true
	}
	return "", false
}

func (d *swaggerDoc) validate(t *testing.T, x goldentest.Exchange, pointer, body string) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	if err != nil {
		t.Errorf("%s: not JSON: %v", x.Title, err)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	schema, err := d.compiler.Compile(swaggerURL + "#" + pointer)
	if err != nil {
		t.Fatalf("%s: compile %s: %v", x.Title, pointer, err)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("%s: the answer is not a %s: %v\n%s", x.Title, pointer, err, body)
	}
}

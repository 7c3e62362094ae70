package openwhisk_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Each file of testdata is a conversation with a platform of its own. An
// exchange is a sentence after "###", the request, and the response, which
// HEARTH_GOLDEN=write rewrites. Lines of the request's head that begin with
// "@" are for this test:
//
//	@as NAME     credentials of the namespace; nobody: none; else Authorization as given
//	@via past    the server with the older manifest
//	@size N      a body of N bytes
//	@fill N      FILL in the body stands for N bytes
//	@until TEXT  ask again until the answer has the text
//	@save NAME   {{NAME}} is from here on the activation id that was answered
//	@cors        show the CORS headers
//	@cut N       show no more than N bytes of the body
type exchange struct {
	title     string
	method    string
	target    string
	header    http.Header
	body      string
	hints     map[string]string
	head      []string // of the request, as written
	wantWhole string
}

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
			c := conversation{t: t, platform: platforms[i], doc: doc, saved: map[string]string{}, ids: map[string]string{}}
			c.run(file)
		})
	}
}

type conversation struct {
	*platform
	t     *testing.T
	doc   *swaggerDoc
	saved map[string]string // @save
	ids   map[string]string // activation ids and what masks them
	last  time.Time         // of the exchange before
}

func (c *conversation) run(file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		c.t.Fatal(err)
	}
	intro, exchanges := parseExchanges(c.t, string(text))
	got := bytes.NewBufferString(intro)
	for _, x := range exchanges {
		answer := c.exchange(x)
		fmt.Fprintf(got, "### %s\n%s\n", x.title, strings.Join(x.head, "\n"))
		if x.body != "" {
			fmt.Fprintf(got, "\n%s\n", x.body)
		}
		fmt.Fprintf(got, "\n%s\n\n", answer)
		if os.Getenv("HEARTH_GOLDEN") == "" {
			if diff := cmp.Diff(x.wantWhole, answer); diff != "" {
				c.t.Errorf("%s: the answer is another (-want +got):\n%s", x.title, diff)
			}
		}
	}
	if os.Getenv("HEARTH_GOLDEN") == "write" {
		if err := os.WriteFile(file, bytes.TrimSuffix(got.Bytes(), []byte("\n")), 0o644); err != nil {
			c.t.Fatal(err)
		}
	}
}

// parseExchanges reads a file; what comes before the first exchange is kept.
func parseExchanges(t *testing.T, text string) (string, []exchange) {
	t.Helper()
	parts := regexp.MustCompile(`(?m)^### `).Split(text, -1)
	list := make([]exchange, 0, len(parts)-1)
	for _, part := range parts[1:] {
		request, want, _ := strings.Cut(part, "\nHTTP/1.1 ")
		title, request, _ := strings.Cut(request, "\n")
		head, body, _ := strings.Cut(strings.TrimRight(request, "\n"), "\n\n")
		x := exchange{title: title, body: body, header: http.Header{}, hints: map[string]string{}}
		x.wantWhole = strings.TrimRight("HTTP/1.1 "+want, "\n")
		x.head = strings.Split(head, "\n")
		var ok bool
		if x.method, x.target, ok = strings.Cut(x.head[0], " "); !ok {
			t.Fatalf("%s: no request line", title)
		}
		for _, line := range x.head[1:] {
			if hint, ok := strings.CutPrefix(line, "@"); ok {
				name, value, _ := strings.Cut(hint, " ")
				x.hints[name] = value
				continue
			}
			name, value, _ := strings.Cut(line, ": ")
			x.header.Add(name, value)
		}
		list = append(list, x)
	}
	return parts[0], list
}

// exchange sends the request, checks the response against the served Swagger
// document and returns it masked.
func (c *conversation) exchange(x exchange) string {
	until, again := x.hints["until"]
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		rec := c.send(x)
		if again && !strings.Contains(rec.Body.String(), until) {
			if time.Now().After(deadline) {
				c.t.Fatalf("%s: no %q in\n%d %s", x.title, until, rec.Code, rec.Body)
			}
			continue
		}
		if name, ok := x.hints["save"]; ok {
			c.saved[name] = rec.Header().Get("X-Openwhisk-Activation-Id")
		}
		if x.header.Get("Accept") == "" {
			c.doc.check(c.t, x, rec)
		}
		return c.render(x, rec)
	}
}

func (c *conversation) send(x exchange) *httptest.ResponseRecorder {
	// Lists are sorted by milliseconds: no two exchanges share one.
	for !time.Now().Truncate(time.Millisecond).After(c.last) {
		time.Sleep(100 * time.Microsecond)
	}
	target, body := x.target, x.body
	for name, value := range c.saved {
		target = strings.ReplaceAll(target, "{{"+name+"}}", value)
		body = strings.ReplaceAll(body, "{{"+name+"}}", value)
	}
	if n, err := strconv.Atoi(x.hints["size"]); err == nil {
		body = `{"x":"` + strings.Repeat("x", n-len(`{"x":""}`)) + `"}`
	}
	if n, err := strconv.Atoi(x.hints["fill"]); err == nil {
		body = strings.ReplaceAll(body, "FILL", strings.Repeat("x", n))
	}
	req := httptest.NewRequest(x.method, target, strings.NewReader(body))
	req.Host = "hearth.example"
	req.Header = x.header.Clone()
	if _, ok := x.header["Content-Type"]; !ok && body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("X-Request-ID", "tid")
	if x.header.Get("Authorization") == "" && x.hints["as"] != "nobody" {
		as := x.hints["as"]
		if as == "" {
			as = "guest"
		}
		key, ok := c.keys[as]
		if !ok {
			c.t.Fatalf("%s: no namespace %q", x.title, as)
		}
		req.SetBasicAuth(key.UUID, key.Secret)
	}
	handler := c.handler
	if x.hints["via"] == "past" {
		handler = c.past
	}
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, req)
	c.last = time.Now().Truncate(time.Millisecond)
	return rec
}

// render writes the response as it stands in a file: compact JSON indented,
// what changes from run to run masked, headers that never change left out.
func (c *conversation) render(x exchange, rec *httptest.ResponseRecorder) string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\n", rec.Code, http.StatusText(rec.Code))
	header := rec.Result().Header
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if _, cors := x.hints["cors"]; !cors && strings.HasPrefix(name, "Access-Control-") {
			continue
		}
		for _, value := range header[name] {
			if name == "Retry-After" {
				value = "<seconds>"
			}
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	body := rec.Body.Bytes()
	var indented bytes.Buffer
	if !bytes.ContainsRune(body, '\n') && json.Indent(&indented, body, "", "  ") == nil {
		body = indented.Bytes()
	}
	if cut, err := strconv.Atoi(x.hints["cut"]); err == nil && len(body) > cut {
		body = append(slices.Clone(body[:cut]), "…"...)
	}
	if len(body) > 0 {
		fmt.Fprintf(&b, "\n%s", body)
	}
	return strings.TrimRight(c.mask(b.String()), "\n")
}

var (
	times    = regexp.MustCompile(`("(?:updated|start|end)": )\d+`)
	waitTime = regexp.MustCompile(`("key": "waitTime",\s+"value": )\d+`)
	hex32    = regexp.MustCompile(`\b[0-9a-f]{32}\b`)
)

func (c *conversation) mask(s string) string {
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

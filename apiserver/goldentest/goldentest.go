// Package goldentest holds conversations with a server against files.
//
// A file is a conversation, in order. An exchange is a sentence after "###",
// the request, and the response, which HEARTH_GOLDEN=write rewrites. Lines of
// the request's head that begin with "@" are hints for the test:
//
//	@size N      a body of N bytes
//	@fill N      FILL in the body stands for N bytes
//	@until TEXT  ask again until the answer has the text
//	@save NAME   {{NAME}} is from here on what Options.Save finds in the answer
//	@cors        show the CORS headers
//	@cut N       show no more than N bytes of the body
//
// and whatever else the test's own Options.Serve reads.
package goldentest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// patience bounds how long an exchange with @until is repeated.
const patience = time.Minute

// Options are what one dialect's conversations need.
type Options struct {
	// Serve answers the request, to which it first adds what the hints of the
	// exchange say, such as credentials.
	Serve func(t *testing.T, x Exchange, rec *httptest.ResponseRecorder, req *http.Request)
	// Check, if set, sees each answer.
	Check func(t *testing.T, x Exchange, rec *httptest.ResponseRecorder)
	// Save returns what @save keeps of an answer.
	Save func(rec *httptest.ResponseRecorder) string
	// Mask replaces what changes from run to run in an answer.
	Mask func(answer string) string
}

// Run holds the conversation of a file.
func Run(t *testing.T, file string, opt Options) {
	t.Helper()
	c := conversation{t: t, Options: opt, saved: map[string]string{}}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	intro, exchanges := parse(t, string(text))
	got := bytes.NewBufferString(intro)
	for _, x := range exchanges {
		answer := c.exchange(x)
		fmt.Fprintf(got, "### %s\n%s\n", x.Title, strings.Join(x.head, "\n"))
		if x.Body != "" {
			fmt.Fprintf(got, "\n%s\n", x.Body)
		}
		fmt.Fprintf(got, "\n%s\n\n", answer)
		if os.Getenv("HEARTH_GOLDEN") == "" {
			if diff := cmp.Diff(x.want, answer); diff != "" {
				t.Errorf("%s: the answer is another (-want +got):\n%s", x.Title, diff)
			}
		}
	}
	if os.Getenv("HEARTH_GOLDEN") == "write" {
		if err := os.WriteFile(file, bytes.TrimSuffix(got.Bytes(), []byte("\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

type conversation struct {
	Options
	t     *testing.T
	saved map[string]string // @save
	last  time.Time         // of the exchange before
}

func (c *conversation) exchange(x Exchange) string {
	until, again := x.Hints["until"]
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		rec := c.send(x)
		if again && !strings.Contains(rec.Body.String(), until) {
			if time.Now().After(deadline) {
				c.t.Fatalf("%s: no %q in\n%d %s", x.Title, until, rec.Code, rec.Body)
			}
			continue
		}
		if name, ok := x.Hints["save"]; ok {
			c.saved[name] = c.Save(rec)
		}
		if c.Check != nil {
			c.Check(c.t, x, rec)
		}
		return c.render(x, rec)
	}
}

func (c *conversation) send(x Exchange) *httptest.ResponseRecorder {
	// Lists are sorted by milliseconds: no two exchanges share one.
	for !time.Now().Truncate(time.Millisecond).After(c.last) {
		time.Sleep(100 * time.Microsecond)
	}
	target, body := x.Target, x.Body
	for name, value := range c.saved {
		target = strings.ReplaceAll(target, "{{"+name+"}}", value)
		body = strings.ReplaceAll(body, "{{"+name+"}}", value)
	}
	if n, err := strconv.Atoi(x.Hints["size"]); err == nil {
		body = `{"x":"` + strings.Repeat("x", n-len(`{"x":""}`)) + `"}`
	}
	if n, err := strconv.Atoi(x.Hints["fill"]); err == nil {
		body = strings.ReplaceAll(body, "FILL", strings.Repeat("x", n))
	}
	req := httptest.NewRequestWithContext(c.t.Context(), x.Method, target, strings.NewReader(body))
	req.Host = "hearth.example"
	req.Header = x.Header.Clone()
	if _, ok := x.Header["Content-Type"]; !ok && body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("X-Request-ID", "tid")
	rec := httptest.NewRecorder()
	c.Serve(c.t, x, rec, req)
	c.last = time.Now().Truncate(time.Millisecond)
	return rec
}

var retryAfter = regexp.MustCompile(`(?m)^(Retry-After: )\d+`)

// render writes the response as it stands in a file: compact JSON indented,
// what changes from run to run masked, headers that never change left out.
func (c *conversation) render(x Exchange, rec *httptest.ResponseRecorder) string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\n", rec.Code, http.StatusText(rec.Code))
	header := rec.Result().Header
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if _, cors := x.Hints["cors"]; !cors && strings.HasPrefix(name, "Access-Control-") {
			continue
		}
		for _, value := range header[name] {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	head := retryAfter.ReplaceAllString(b.String(), "$1<seconds>")
	body := rec.Body.Bytes()
	var indented bytes.Buffer
	if !bytes.ContainsRune(body, '\n') && json.Indent(&indented, body, "", "  ") == nil {
		body = indented.Bytes()
	}
	if cut, err := strconv.Atoi(x.Hints["cut"]); err == nil && len(body) > cut {
		body = append(slices.Clone(body[:cut]), "…"...)
	}
	if len(body) > 0 {
		head += "\n" + string(body)
	}
	return strings.TrimRight(c.Mask(head), "\n")
}

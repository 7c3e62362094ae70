package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

func TestWithoutAKeyThereIsOnlyTheSignInPage(t *testing.T) {
	t.Parallel()
	b := open(t)
	for _, path := range []string{"/console", "/console/", "/console/actions", "/console/triggers", "/console/activations/" + strings.Repeat("a", 32)} {
		if code, page := b.get(path); code != http.StatusOK || !strings.Contains(page, "Sign in") {
			t.Errorf("%s: got %d\n%s", path, code, page)
		}
	}
	for _, key := range []string{"", "nonsense", b.key.UUID + ":" + strings.Repeat("x", 64)} {
		if code, page := b.post("/console/signin", url.Values{"key": {key}}); code != http.StatusForbidden || !strings.Contains(page, `role="alert"`) {
			t.Errorf("key %q: got %d\n%s", key, code, page)
		}
	}
}

func TestAPersonInvokesAnActionAndReadsItsLog(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.signIn()
	b.createAction("hello")
	if _, page := b.get("/console/actions"); !strings.Contains(page, `href="/console/actions/hello"`) {
		t.Errorf("the action is not listed:\n%s", page)
	}
	_, page := b.get("/console/actions/hello")
	if !strings.Contains(page, "&lt;script&gt;") || strings.Contains(page, "// <script>") {
		t.Errorf("the code is not shown as text:\n%s", page)
	}
	resp, err := b.client.PostForm(b.server.URL+"/console/actions/hello", url.Values{"payload": {`{"name":"you"}`}})
	if _, page := b.read(resp, err); resp.Request.URL.Path == "/console/actions/hello" {
		t.Fatalf("the form did not lead to the activation:\n%s", page)
	}
	page = b.eventually(resp.Request.URL.Path, "stdout: &lt;printed&gt;")
	if !strings.Contains(page, "&#34;name&#34;: &#34;you&#34;") {
		t.Errorf("the result is not shown:\n%s", page)
	}
	part := b.eventually("/console/?part=1", "hello")
	if strings.Contains(part, "<html") || !strings.Contains(part, "<circle") {
		t.Errorf("the part is not just the body with its plot:\n%s", part)
	}
}

func TestBadInputIsExplainedWhereItWasTyped(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.signIn()
	b.createAction("hello")
	for _, c := range []struct {
		name, method, path, payload string
		code                        int
		text                        string
	}{
		{"nok, payload is no object", "POST", "/console/actions/hello", "[1]", http.StatusBadRequest, "not a JSON object"},
		{"nok, no such action", "POST", "/console/actions/other", "{}", http.StatusNotFound, "does not exist"},
		{"nok, no such page of an action", "GET", "/console/actions/other", "", http.StatusNotFound, "does not exist"},
		{"nok, bad activation id", "GET", "/console/activations/x", "", http.StatusBadRequest, "must be 32"},
		{"nok, no such activation", "GET", "/console/activations/" + strings.Repeat("a", 32), "", http.StatusNotFound, "appears here as soon as"},
		{"nok, no such trigger", "POST", "/console/triggers/t", "", http.StatusNotFound, "does not exist"},
	} {
		code, page := b.get(c.path)
		if c.method == "POST" {
			code, page = b.post(c.path, url.Values{"payload": {c.payload}})
		}
		if code != c.code || !strings.Contains(page, c.text) {
			t.Errorf("%s: got %d, want %d with %q\n%s", c.name, code, c.code, c.text, page)
		}
	}
}

func TestAnActivationWithoutARecordIsNoFailure(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.signIn()
	_, page := b.get("/console/activations/" + strings.Repeat("a", 32))
	if strings.Contains(page, `role="alert"`) || !strings.Contains(page, "data-refresh") {
		t.Errorf("the page does not wait for the record:\n%s", page)
	}
}

func TestAssetsHaveTheirTypes(t *testing.T) {
	t.Parallel()
	b := open(t)
	for name, want := range map[string]string{"console.css": "text/css", "console.js": "text/javascript", "icon.svg": "image/svg+xml"} {
		resp, err := b.client.Get(b.server.URL + "/console/assets/" + name)
		code, _ := b.read(resp, err)
		if got := resp.Header.Get("Content-Type"); code != http.StatusOK || !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %d %q, want %q", name, code, got, want)
		}
	}
}

func TestTriggersFireAndRulesRest(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.signIn()
	b.createAction("hello")
	name := func(s string) core.Name { return core.Name{Namespace: "guest", Name: s} }
	if _, err := b.plane.PutTrigger(t.Context(), b.who, name("t"), control.TriggerPatch{}, false); err != nil {
		t.Fatal(err)
	}
	if _, page := b.post("/console/triggers/t", nil); !strings.Contains(page, "no active rule") {
		t.Errorf("fired without a rule:\n%s", page)
	}
	trigger, action := name("t"), name("hello")
	if _, err := b.plane.PutRule(t.Context(), b.who, name("r"), control.RulePatch{Trigger: &trigger, Action: &action}, false); err != nil {
		t.Fatal(err)
	}
	b.post("/console/triggers/t", nil)
	b.eventually("/console/", "hello")
	if _, page := b.post("/console/rules/r", url.Values{"active": {"false"}}); !strings.Contains(page, "inactive") {
		t.Errorf("the rule does not rest:\n%s", page)
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.signIn()
	b.createAction("hello")
	for _, header := range []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Origin": {"https://evil.example"}}} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.server.URL+"/console/actions/hello", strings.NewReader("payload=%7B%7D"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = header
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := b.client.Do(req)
		if code, _ := b.read(resp, err); code != http.StatusForbidden {
			t.Errorf("%v: got %d", header, code)
		}
	}
}

func TestSignedOutIsSignedOut(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.signIn()
	b.post("/console/signout", nil)
	if _, page := b.get("/console/"); !strings.Contains(page, "Sign in") {
		t.Errorf("still signed in:\n%s", page)
	}
}

func TestLinesAreFollowedInTheConsole(t *testing.T) {
	t.Parallel()
	b := open(t)
	id := core.NewActivationID()
	if code, page := b.get("/console/activations/" + string(id) + "/logs"); code != http.StatusOK || !strings.Contains(page, "Sign in") {
		t.Errorf("without a session: got %d %s", code, page)
	}
	b.signIn()
	follow := `data-follow="/console/activations/` + string(id) + `/logs"`
	if code, page := b.get("/console/activations/" + string(id)); code != http.StatusNotFound || !strings.Contains(page, follow) {
		t.Errorf("no record yet: got %d %s, want it to hold %s", code, page, follow)
	}
	if code, _ := b.get("/console/activations/" + string(id) + "/logs"); code != http.StatusNotFound {
		t.Errorf("no such activation: got %d", code)
	}
	b.createAction("hello")
	target, err := b.plane.Resolve(t.Context(), b.who, core.Name{Namespace: "guest", Name: "hello"})
	if err != nil {
		t.Fatal(err)
	}
	if id, err = b.plane.Invoke(t.Context(), control.Call{Subject: b.who, Target: target}); err != nil {
		t.Fatal(err)
	}
	code, events := b.get("/console/activations/" + string(id) + "/logs")
	want := "id: 1-0\ndata: 2026-01-01T00:00:00.000000000Z stdout: <printed>\n\nevent: end\ndata: success\n\n"
	if code != http.StatusOK || !strings.HasSuffix(events, want) {
		t.Errorf("got %d %q, want %q", code, events, want)
	}
}

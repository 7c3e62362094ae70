package webhook_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/triggers/webhook"
)

const api = "/api/v1/namespaces/_/webhooks"

// work ends the next activation of the action with a result, as a worker does.
func (w *world) work(status core.Status, result string) {
	w.t.Helper()
	var id core.ActivationID
	w.eventually("nothing is queued", func() bool {
		p, err := w.db.Pending(w.t.Context(), "guest", 10)
		w.must(err)
		if len(p.Queued) > 0 {
			id = p.Queued[0].ID
		}
		return id != ""
	})
	a, err := w.plane.Start(w.t.Context(), core.Ref{Namespace: "guest", ID: id}, "worker")
	w.must(err)
	out := core.Outcome{Status: status, Result: core.JSON(result), Size: len(result), Start: time.Now(), End: time.Now(), Logs: []string{}}
	w.must(w.plane.Finish(w.t.Context(), a, out))
}

func TestAReplyIsTheResultOfTheAction(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		status core.Status
		result string
		want   answer
	}{
		"a result":              {core.StatusSuccess, `{"a":1}`, answer{status: 200, body: `{"a":1}`}},
		"a response of its own": {core.StatusSuccess, `{"statusCode":201,"headers":{"X-Made":"yes"},"body":"hello"}`, answer{status: 201, body: "hello"}},
		"an object in it":       {core.StatusSuccess, `{"statusCode":200,"body":{"b":2}}`, answer{status: 200, body: `{"b":2}`}},
		"a failure":             {core.StatusApplicationError, `{"error":"no"}`, answer{status: 502, body: `{"error":"no"}`}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.hook(`{"scheme":"github","secret":"` + secret + `","reply":"act","replyTimeout":"60s"}`)
			w.dispatch()
			got := make(chan answer, 2)
			send := func() { got <- w.post("guest/push", "{}", github("{}", "1", secret)) }
			go send()
			w.work(test.status, test.result)
			first := <-got
			if first.status != test.want.status || first.body != test.want.body {
				t.Errorf("got %+v, want %+v", first, test.want)
			}
			send() // again: the same answer, and nothing runs
			if again := <-got; again.status != first.status || again.body != first.body {
				t.Errorf("the second time it is %+v", again)
			}
		})
	}
}

func TestAReplyThatDoesNotComeIsAnAccept(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, reply := range []string{`true`, `"other"`} {
		w.hook(`{"scheme":"none","reply":` + reply + `,"replyTimeout":"10ms"}`)
		if got := w.post("guest/push", "{}", nil); got.status != http.StatusAccepted || got.id() == "" {
			t.Errorf("reply %s: got %+v", reply, got)
		}
	}
	w.fired(2)
}

func TestWhatActionsGet(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.hook(`"none"`)
	event := `{"specversion":"1.0","id":"7","source":"/s","type":"t","data":{"a":1}}`
	want := map[string]string{}
	for body, test := range map[string]struct {
		kind, want string
		header     map[string]string
	}{
		`{"a":1}`:     {"application/json", `{"a":1}`, nil},
		`[1,2]`:       {"application/json; charset=utf-8", `{"body":[1,2]}`, nil},
		``:            {"application/json", `{}`, nil},
		`a=1&b=2&b=3`: {"application/x-www-form-urlencoded", `{"a":"1","b":["2","3"]}`, nil},
		`plain`:       {"text/plain", `{"__ow_base64":false,"__ow_body":"plain","__ow_query":""}`, nil},
		"\xff\xfe":    {"application/octet-stream", `{"__ow_base64":true,"__ow_body":"//4=","__ow_query":""}`, nil},
		event:         {"application/cloudevents+json", event, nil},
		`"bin"`: {
			"application/json", `{"data":"bin","datacontenttype":"application/json","id":"8","source":"/s","specversion":"1.0","type":"t t"}`,
			map[string]string{"Ce-Specversion": "1.0", "Ce-Id": "8", "Ce-Source": "/s", "Ce-Type": "t%20t"},
		},
	} {
		header := map[string]string{"Content-Type": test.kind}
		for k, v := range test.header {
			header[k] = v
		}
		got := w.post("guest/push", body, header)
		if got.status != http.StatusAccepted {
			t.Fatalf("%q: got %+v", body, got)
		}
		want[string(got.id())] = test.want
	}
	w.fired(len(want))
	for id, want := range want {
		a, err := w.plane.Activation(t.Context(), w.who, core.ActivationID(id))
		w.must(err)
		if string(a.Outcome.Result) != want {
			t.Errorf("got %s, want %s", a.Outcome.Result, want)
		}
	}
}

func TestABatchOfCloudEventsIsAnEventForEach(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.hook(`{"scheme":"none","payload":"cloudevents"}`)
	var batch []string
	for i := range 3 {
		batch = append(batch, fmt.Sprintf(`{"specversion":"1.0","id":"%d","source":"/s","type":"t"}`, i))
	}
	header := map[string]string{"Content-Type": "application/cloudevents-batch+json"}
	if got := w.post("guest/push", "["+strings.Join(batch, ",")+"]", header); got.status != http.StatusAccepted {
		t.Fatalf("got %+v", got)
	}
	if got := w.post("guest/push", "[]", header); got.status != http.StatusBadRequest {
		t.Errorf("an empty batch: got %+v", got)
	}
	if got := w.post("guest/push", "{}", map[string]string{"Content-Type": "application/json"}); got.status != http.StatusUnsupportedMediaType {
		t.Errorf("no event: got %+v", got)
	}
	w.fired(3)
}

func TestQuestionsOfSenders(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.hook(`{"scheme":"github","secret":"` + secret + `","verify":"token-of-mine"}`)
	ask := func(token string) answer {
		q := url.Values{"hub.mode": {"subscribe"}, "hub.challenge": {"1158201444"}, "hub.verify_token": {token}}
		return w.do(http.MethodGet, w.url+"/hooks/guest/push?"+q.Encode(), "", nil)
	}
	if got := ask("token-of-mine"); got.status != http.StatusOK || got.body != "1158201444" {
		t.Errorf("the right token: got %+v", got)
	}
	if got := ask("another"); got.status != http.StatusUnauthorized {
		t.Errorf("another token: got %+v", got)
	}
	got := w.do(http.MethodOptions, w.url+"/hooks/guest/push", "", map[string]string{"WebHook-Request-Origin": "events.example.com"})
	if got.status != http.StatusOK || got.header.Get("WebHook-Allowed-Origin") != "events.example.com" {
		t.Errorf("options: got %+v", got)
	}
	if n := w.waiting(); n != 0 {
		t.Errorf("questions became %d events", n)
	}
}

func TestTheSecretInTheAddress(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.hook(`{"scheme":"none","secret":"` + secret + `"}`)
	for path, want := range map[string]int{
		"": 404, "/": 404, "/another secret": 404, "/" + secret: 202, "/" + secret + "/more": 404,
	} {
		got := w.post("guest/push"+strings.ReplaceAll(path, " ", "%20"), "{}", nil)
		if got.status != want {
			t.Errorf("%q: got %+v, want %d", path, got, want)
		}
	}
}

func TestASecretIsRotated(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.hook(`{"scheme":"github","secrets":["` + secret + `"]}`)
	works := func(with string) bool {
		body := fmt.Sprintf(`{"at":%d}`, time.Now().UnixNano())
		return w.post("guest/push", body, github(body, fmt.Sprint(time.Now().UnixNano()), with)).status == http.StatusAccepted
	}
	got := w.do(http.MethodPost, w.url+api+"/push/rotate", `{"keep":"1h"}`, nil)
	var made struct{ Secret string }
	w.must(json.Unmarshal([]byte(got.body), &made))
	if !works(secret) || !works(made.Secret) {
		t.Error("one of the two secrets is not good")
	}
	if got := w.do(http.MethodPost, w.url+api+"/push/rotate", `{"secret":"the third of them","keep":"0s"}`, nil); got.status != http.StatusOK {
		t.Errorf("got %+v", got)
	}
	if works(secret) || works(made.Secret) || !works("the third of them") {
		t.Error("the secrets are not those after the second rotation")
	}
	for what, body := range map[string]string{"a short secret": `{"secret":"x"}`, "no duration": `{"keep":"soon"}`, "no JSON": `{`} {
		if got := w.do(http.MethodPost, w.url+api+"/push/rotate", body, nil); got.status != http.StatusBadRequest {
			t.Errorf("%s: got %+v", what, got)
		}
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.hook(`{"scheme":"github","secret":"` + secret + `","verify":"` + secret + `"}`)
	trigger, err := w.plane.Trigger(t.Context(), w.who, name("push"))
	w.must(err)
	shown, _ := trigger.Annotations.Get(webhook.Annotation)
	all := string(shown)
	for _, path := range []string{"", "/push", "/push/deliveries"} {
		got := w.do(http.MethodGet, w.url+api+path, "", nil)
		if got.status != http.StatusOK {
			t.Errorf("%q: got %+v", path, got)
		}
		all += got.body
	}
	if strings.Contains(all, secret) {
		t.Errorf("the secret is in %s", all)
	}
	// What was shown is written back, and the secret is still good.
	list := core.Params{{Key: webhook.Annotation, Value: shown}}
	_, err = w.plane.PutTrigger(t.Context(), w.who, name("push"), control.TriggerPatch{Annotations: &list}, true)
	w.must(err)
	if got := w.post("guest/push", "{}", github("{}", "1", secret)); got.status != http.StatusAccepted {
		t.Errorf("got %+v", got)
	}
	if err := w.put("new", `"github"`); core.KindOf(err) != core.KindInvalid {
		t.Errorf("a new one without a secret: got %v", err)
	}
}

func TestADeliveryIsDeliveredAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.hook(`{"scheme":"github","secret":"` + secret + `"}`)
	first := w.post("guest/push", `{"ref":"main"}`, github(`{"ref":"main"}`, "1", secret))
	w.post("guest/push", `{"ref":"main"}`, github(`{"ref":"main"}`, "1", secret))
	w.post("guest/push", `{}`, nil)
	var list []struct{ ID, Verdict, Activation, Delivery string }
	read := func() (verdicts []string) {
		got := w.do(http.MethodGet, w.url+api+"/push/deliveries", "", nil)
		w.must(json.Unmarshal([]byte(got.body), &list))
		for _, d := range list {
			verdicts = append(verdicts, d.Verdict)
		}
		slices.Sort(verdicts)
		return verdicts
	}
	if diff := cmp.Diff([]string{"accepted", "duplicate", "refused"}, read()); diff != "" {
		t.Fatal(diff)
	}
	i := slices.IndexFunc(list, func(d struct{ ID, Verdict, Activation, Delivery string }) bool { return d.Verdict == "accepted" })
	at := w.url + api + "/push/deliveries/" + list[i].ID
	if got := w.do(http.MethodGet, at, "", nil); !strings.Contains(got.body, `"payload":{"ref":"main"}`) {
		t.Errorf("got %+v", got)
	}
	again := w.do(http.MethodPost, at+"/redelivery", "", nil)
	if again.status != http.StatusAccepted || again.id() == first.id() {
		t.Errorf("got %+v", again)
	}
	if diff := cmp.Diff([]string{"accepted", "duplicate", "redelivered", "refused"}, read()); diff != "" {
		t.Error(diff)
	}
	if got := w.do(http.MethodPost, w.url+api+"/push/deliveries/none/redelivery", "", nil); got.status != http.StatusNotFound {
		t.Errorf("one that is not there: got %+v", got)
	}
	w.fired(2)
	w.key.Secret = "wrong"
	if got := w.do(http.MethodGet, w.url+api, "", nil); got.status != http.StatusUnauthorized {
		t.Errorf("with a wrong key: got %+v", got)
	}
}

package catalogue_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/apiserver"
	"github.com/hearth-faas/hearth/apiserver/openwhisk"
	"github.com/hearth-faas/hearth/catalogue"
	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/runtime/kinds"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
	"github.com/hearth-faas/hearth/triggers/cron"
)

// sequence calls main with each of the parameters, under the name of a feed,
// one after the other.
const sequence = `
let text = '';
process.stdin.on('data', (part) => { text += part; }).on('end', async () => {
  const { code, calls } = JSON.parse(text);
  const main = new Function(code + '; return main;')();
  const results = [];
  for (const call of calls) {
    process.env.__OW_ACTION_NAME = '/whisk.system/alarms/' + call.feed;
    results.push(await main(call.params));
  }
  process.stdout.write(JSON.stringify(results));
});`

type object = map[string]any

type feedCall struct {
	Feed   string `json:"feed"`
	Params object `json:"params"`
}

// alarms is a platform with a trigger of the guest's, to which feeds are
// connected.
type alarms struct {
	t    *testing.T
	db   *store.DB
	host string
	key  string
	code string
}

func newAlarms(t *testing.T) alarms {
	t.Helper()
	rdb := storetest.Redis(t)
	a := alarms{t: t, db: store.New(rdb)}
	log := slog.New(slog.DiscardHandler)
	plane := control.New(a.db, queue.NewClient(rdb), log, control.Options{
		Server: "s", Sources: []control.TriggerSource{cron.NewSource(a.db)},
	})
	credentials, err := a.db.CreateNamespace(t.Context(), "guest")
	if err != nil {
		t.Fatal(err)
	}
	a.key = credentials.String()
	who, err := a.db.Owner(t.Context(), "guest")
	if err != nil {
		t.Fatal(err)
	}
	feed := core.Params{{Key: "feed", Value: core.JSON(`"/whisk.system/alarms/alarm"`)}}
	if _, err := plane.PutTrigger(t.Context(), who, tick(), control.TriggerPatch{Annotations: &feed}, false); err != nil {
		t.Fatal(err)
	}
	server, err := apiserver.New(plane, kinds.Default(), log, apiserver.Options{OpenWhisk: openwhisk.Options{}})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server.Handler())
	t.Cleanup(web.Close)
	a.host = web.URL
	for _, pkg := range packages(t) {
		if pkg.Name == "alarms" {
			a.code = string(pkg.Actions[0].Code)
		}
	}
	return a
}

func tick() core.Name { return core.Name{Namespace: "guest", Name: "tick"} }

// call runs the feeds and returns their results.
func (a alarms) call(calls ...feedCall) []object {
	a.t.Helper()
	for i, c := range calls {
		for key, value := range map[string]any{"triggerName": "/_/tick", "authKey": a.key} {
			if _, ok := c.Params[key]; !ok {
				calls[i].Params[key] = value
			}
		}
	}
	stdin, err := json.Marshal(object{"code": a.code, "calls": calls})
	if err != nil {
		a.t.Fatal(err)
	}
	cmd := exec.CommandContext(a.t.Context(), "node", "-e", sequence)
	cmd.Env = append(os.Environ(), "__OW_API_HOST="+a.host)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(stdin), a.t.Output()
	out, err := cmd.Output()
	if err != nil {
		a.t.Fatalf("node: %v", err)
	}
	var results []object
	if err := json.Unmarshal(out, &results); err != nil {
		a.t.Fatalf("%v: %s", err, out)
	}
	return results
}

// schedule returns what the platform keeps of the trigger's schedule.
func (a alarms) schedule() (cron.Settings, bool) {
	a.t.Helper()
	s, err := a.db.Schedule(a.t.Context(), tick())
	if err != nil {
		return cron.Settings{}, false
	}
	var doc struct {
		Settings cron.Settings `json:"settings"`
	}
	if err := json.Unmarshal([]byte(s.Doc), &doc); err != nil {
		a.t.Fatal(err)
	}
	return doc.Settings, true
}

func TestFeedsOfAlarmsScheduleTheirTrigger(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		create, update object
		want           cron.Settings
		config         object
	}{
		"alarm": {
			object{"cron": "0 0 9 8 * *", "timezone": "Europe/Berlin", "startDate": "2036-01-01T00:00:00.000Z", "trigger_payload": `{"a":1}`},
			object{"cron": "@hourly"},
			cron.Settings{Cron: "@hourly", Zone: "Europe/Berlin", Start: "2036-01-01T00:00:00Z", Payload: core.JSON(`{"a":1}`)},
			object{"cron": "@hourly", "timezone": "Europe/Berlin", "startDate": "2036-01-01T00:00:00Z", "payload": object{"a": 1.0}},
		},
		"interval": {
			object{"minutes": "5"}, object{"trigger_payload": "hi"},
			cron.Settings{Cron: "@every 5m", Payload: core.JSON(`{"payload":"hi"}`)},
			object{"minutes": 5.0, "payload": object{"payload": "hi"}},
		},
		"once": {
			object{"date": 2082758400000, "deleteAfterFire": "rules"}, object{"deleteAfterFire": "true"},
			cron.Settings{Cron: "@at 2036-01-01T00:00:00Z", After: store.ThenDelete},
			object{"date": "2036-01-01T00:00:00Z", "deleteAfterFire": "true"},
		},
	}
	for feed, test := range tests {
		t.Run(feed, func(t *testing.T) {
			t.Parallel()
			a := newAlarms(t)
			test.create["lifecycleEvent"], test.update["lifecycleEvent"] = "CREATE", "UPDATE"
			on := func(event string) feedCall { return feedCall{feed, object{"lifecycleEvent": event}} }
			got := a.call(feedCall{feed, test.create}, feedCall{feed, test.update}, on("READ"))
			test.config["name"], test.config["namespace"] = "tick", "guest"
			want := []any{object{}, object{}, test.config}
			if diff := cmp.Diff(want, []any{got[0], got[1], got[2]["config"]}); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			settings, _ := a.schedule()
			if diff := cmp.Diff(test.want, settings); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			got = a.call(on("PAUSE"), on("READ"))
			if _, ok := a.schedule(); ok || got[1]["status"].(object)["active"] != false {
				t.Errorf("paused, it says %v", got)
			}
			got = a.call(on("UNPAUSE"), on("READ"))
			if _, ok := a.schedule(); !ok || got[1]["status"].(object)["active"] != true {
				t.Errorf("no more paused, it says %v", got)
			}
			a.call(on("DELETE"))
			if _, ok := a.schedule(); ok {
				t.Error("there is a schedule after DELETE")
			}
		})
	}
}

func TestWhatFeedsOfAlarmsRefuse(t *testing.T) {
	t.Parallel()
	a := newAlarms(t)
	var calls []feedCall
	var want []object
	for _, test := range []struct {
		feed   string
		params object
		text   string
	}{
		{"alarm", object{}, "alarms trigger feed is missing the cron parameter"},
		{"alarm", object{"cron": "often"}, "cron pattern 'often' is not valid"},
		{"alarm", object{"cron": "@daily", "timezone": "Moon"}, "Invalid timezone."},
		{"alarm", object{"cron": "@daily", "startDate": "2016-01-01"}, "startDate parameter '2016-01-01' must be in the future"},
		{
			"alarm", object{"cron": "@daily", "startDate": "2036-01-02", "stopDate": "2036-01-01"},
			"stopDate parameter '2036-01-01' must be greater than the startDate parameter '2036-01-02'",
		},
		{"interval", object{}, "interval trigger feed is missing the minutes parameter"},
		{"interval", object{"minutes": "x"}, "the minutes parameter must be an integer"},
		{"interval", object{"minutes": 0}, "the minutes parameter must be an integer greater than zero"},
		{"once", object{}, "alarms once trigger feed is missing the date parameter"},
		{"once", object{"date": "soon"}, "date parameter 'soon' is not a valid Date"},
		{"once", object{"date": "2016-01-01"}, "date parameter '2016-01-01' must be in the future"},
		{"once", object{"date": "2036-01-01", "deleteAfterFire": "x"}, "deleteAfterFire parameter must be one of [false, true, rules]."},
		{"alarm", object{"lifecycleEvent": "READ"}, "the trigger has no alarm"},
		{"alarm", object{"lifecycleEvent": "X"}, "lifecycleEvent must be one of CREATE, READ, UPDATE, DELETE, PAUSE, UNPAUSE"},
		{"alarm", object{"cron": "@daily", "triggerName": "/_/gone"}, "The requested resource does not exist."},
		{"alarm", object{"cron": "@daily", "authKey": "a:b"}, "The supplied authentication is invalid"},
	} {
		if _, ok := test.params["lifecycleEvent"]; !ok {
			test.params["lifecycleEvent"] = "CREATE"
		}
		calls, want = append(calls, feedCall{test.feed, test.params}), append(want, object{"error": test.text})
	}
	if diff := cmp.Diff(want, a.call(calls...)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, ok := a.schedule(); ok {
		t.Error("something was scheduled")
	}
}

func TestFeedsAreMarkedAsSuch(t *testing.T) {
	t.Parallel()
	db := store.New(storetest.Redis(t))
	plane := control.New(db, nil, slog.New(slog.DiscardHandler), control.Options{})
	if err := catalogue.Install(t.Context(), db, plane, "nodejs:24"); err != nil {
		t.Fatal(err)
	}
	who, err := db.Owner(t.Context(), catalogue.Namespace)
	if err != nil {
		t.Fatal(err)
	}
	for local, want := range map[string]bool{"alarms/once": true, "utils/echo": false} {
		target, err := plane.Resolve(t.Context(), who, core.ParseLocal(catalogue.Namespace, local))
		if err != nil {
			t.Fatal(err)
		}
		if got := target.Action.Annotations.IsTrue("feed"); got != want {
			t.Errorf("%s: feed %t, want %t", local, got, want)
		}
	}
}

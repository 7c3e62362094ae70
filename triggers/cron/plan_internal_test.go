package cron

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestWhatFires(t *testing.T) {
	t.Parallel()
	type expect struct {
		fire        int
		first, last string
		next        string
	}
	const down, up = "2026-05-01T00:00:00Z", "2026-05-01T12:00:30Z" // the first tick missed, and when it is noticed
	tests := map[string]struct {
		settings  Settings
		tick, now string
		want      expect
	}{
		"on time":                    {Settings{Cron: "0 * * * *"}, down, "2026-05-01T00:00:01Z", expect{1, down, down, "2026-05-01T01:00:00Z"}},
		"several within the seconds": {Settings{Cron: "* * * * * *"}, down, "2026-05-01T00:00:03Z", expect{4, down, "2026-05-01T00:00:03Z", "2026-05-01T00:00:04Z"}},
		"not yet":                    {Settings{Cron: "0 * * * *"}, "2026-05-01T01:00:00Z", down, expect{0, "", "", "2026-05-01T01:00:00Z"}},
		"12 hours down, one":         {Settings{Cron: "0 * * * *"}, down, up, expect{1, "2026-05-01T12:00:00Z", "2026-05-01T12:00:00Z", "2026-05-01T13:00:00Z"}},
		"12 hours down, one, and one is due by now": {
			Settings{Cron: "* * * * *"}, down, "2026-05-01T12:00:05Z",
			expect{1, "2026-05-01T12:00:00Z", "2026-05-01T12:00:00Z", "2026-05-01T12:01:00Z"},
		},
		"12 hours down, one, too old": {Settings{Cron: "0 0 * * *", Grace: "6h"}, down, up, expect{0, "", "", "2026-05-02T00:00:00Z"}},
		"12 hours down, one, in time": {Settings{Cron: "0 0 * * *", Grace: "24h"}, down, up, expect{1, down, down, "2026-05-02T00:00:00Z"}},
		"12 hours down, skip":         {Settings{Cron: "0 * * * *", Misfire: MisfireSkip}, down, up, expect{0, "", "", "2026-05-01T13:00:00Z"}},
		"12 hours down, all":          {Settings{Cron: "0 * * * *", Misfire: MisfireAll}, down, up, expect{13, down, "2026-05-01T12:00:00Z", "2026-05-01T13:00:00Z"}},
		"12 hours down, all of six": {
			Settings{Cron: "0 * * * *", Misfire: MisfireAll, Grace: "6h"}, down, up,
			expect{6, "2026-05-01T07:00:00Z", "2026-05-01T12:00:00Z", "2026-05-01T13:00:00Z"},
		},
		"years of seconds down, all": {
			Settings{Cron: "* * * * * *", Misfire: MisfireAll}, "2016-01-01T00:00:00Z", "2026-05-01T00:00:00Z",
			expect{1011, "2026-04-30T23:43:10Z", down, "2026-05-01T00:00:01Z"},
		},
		"the clock jumps an hour ahead": {Settings{Cron: "* * * * *"}, down, "2026-05-01T01:00:05Z", expect{1, "2026-05-01T01:00:00Z", "2026-05-01T01:00:00Z", "2026-05-01T01:01:00Z"}},
		"the clock jumps an hour back":  {Settings{Cron: "* * * * *"}, "2026-05-01T01:00:00Z", down, expect{0, "", "", "2026-05-01T01:00:00Z"}},
		"eight hours suspended":         {Settings{Cron: "*/10 * * * * *"}, down, "2026-05-01T08:00:05Z", expect{1, "2026-05-01T08:00:00Z", "2026-05-01T08:00:00Z", "2026-05-01T08:00:10Z"}},
		"once, missed":                  {Settings{Cron: "@at " + down}, down, up, expect{1, down, down, ""}},
		"the last before its stop":      {Settings{Cron: "0 * * * *", Stop: "2026-05-01T00:30:00Z"}, down, "2026-05-01T00:00:01Z", expect{1, down, down, ""}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := test.settings.parse()
			if err != nil {
				t.Fatal(err)
			}
			fire, next := r.plan(at(test.tick), at(test.now), at("2026-01-01T00:00:00Z"))
			got := expect{fire: len(fire)}
			if len(fire) > 0 {
				got.first, got.last = fire[0].UTC().Format(time.RFC3339), fire[len(fire)-1].UTC().Format(time.RFC3339)
			}
			if !next.IsZero() {
				got.next = next.UTC().Format(time.RFC3339)
			}
			if d := cmp.Diff(got, test.want, cmp.AllowUnexported(expect{})); d != "" {
				t.Errorf("got, want:\n%s", d)
			}
		})
	}
}

func TestJitterIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	r, err := Settings{Cron: "* * * * *", Jitter: "30s"}.parse()
	if err != nil {
		t.Fatal(err)
	}
	r.trigger = "guest/tick"
	tick := at("2026-05-01T00:00:00Z")
	seen := map[time.Duration]bool{}
	for range 50 {
		late := r.due(tick).Sub(tick)
		if late < 0 || late >= 30*time.Second || r.due(tick).Sub(tick) != late {
			t.Fatalf("got a delay of %s", late)
		}
		seen[late] = true
		if fire, _ := r.plan(tick, r.due(tick).Add(-time.Millisecond), tick); len(fire) != 0 {
			t.Fatalf("%s fires before its time", tick)
		}
		if fire, _ := r.plan(tick, r.due(tick), tick); len(fire) != 1 {
			t.Fatalf("%s does not fire when its time has come", tick)
		}
		tick = r.next(tick, tick)
	}
	if len(seen) < 40 {
		t.Errorf("got %d delays for 50 ticks", len(seen))
	}
}

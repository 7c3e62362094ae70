package cron_test

import (
	"archive/zip"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/triggers/cron"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestNext(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		expr, zone, after string
		want              []string
	}{
		"every five minutes":             {"*/5 * * * *", "UTC", "2026-01-01T00:03:07Z", []string{"2026-01-01T00:05:00Z", "2026-01-01T00:10:00Z"}},
		"with seconds":                   {"*/20 59 23 31 12 *", "UTC", "2026-01-01T00:00:00Z", []string{"2026-12-31T23:59:00Z", "2026-12-31T23:59:20Z"}},
		"names, lists and ranges":        {"0 9-10 * jan,MAR mon-tue", "UTC", "2026-01-31T00:00:00Z", []string{"2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z", "2026-03-03T09:00:00Z"}},
		"day of month or of week":        {"0 0 13 * 5", "UTC", "2026-02-01T00:00:00Z", []string{"2026-02-06T00:00:00Z", "2026-02-13T00:00:00Z"}},
		"sunday has two numbers":         {"0 0 * * 7", "UTC", "2026-01-01T00:00:00Z", []string{"2026-01-04T00:00:00Z"}},
		"a range of days up to sunday":   {"0 0 * * 6-7", "UTC", "2026-01-01T00:00:00Z", []string{"2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z", "2026-01-10T00:00:00Z"}},
		"the 29th of february":           {"0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", []string{"2104-02-29T00:00:00Z"}},
		"never":                          {"0 0 30 2 *", "UTC", "2026-01-01T00:00:00Z", nil},
		"hourly":                         {"@hourly", "UTC", "2026-01-01T00:00:00Z", []string{"2026-01-01T01:00:00Z"}},
		"every so often from an anchor":  {"@every 90s", "UTC", "2026-01-01T00:01:29Z", []string{"2026-01-01T00:01:30Z", "2026-01-01T00:03:00Z"}},
		"once":                           {"@at 2026-01-02T00:00:00Z", "UTC", "2026-01-01T00:00:00Z", []string{"2026-01-02T00:00:00Z"}},
		"in a gap, at its end":           {"30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", []string{"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
		"often in a gap, once":           {"*/10 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", []string{"2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"}},
		"twice shown, once":              {"30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", []string{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
		"asked between the two":          {"30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", []string{"2026-10-26T01:30:00Z"}},
		"hourly when clocks go back":     {"30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", []string{"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"}},
		"hourly when clocks go forward":  {"30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", []string{"2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"}},
		"a gap at midnight":              {"0 0 * * *", "Africa/Cairo", "2026-04-23T12:00:00Z", []string{"2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"}},
		"a gap of half an hour":          {"15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z", []string{"2026-10-03T15:30:00Z"}},
		"a fold of half an hour, once":   {"45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00:00Z", []string{"2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"}},
		"the day that samoa did not see": {"0 12 30 12 *", "Pacific/Apia", "2011-12-29T00:00:00Z", []string{"2011-12-30T10:00:00Z"}},
	}
	anchor := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, err := cron.Parse(test.expr)
			if err != nil {
				t.Fatal(err)
			}
			at, _ := time.Parse(time.RFC3339, test.after)
			var got []string
			for range max(1, len(test.want)) {
				if at = e.Next(at, zone(t, test.zone), anchor); at.IsZero() {
					break
				}
				got = append(got, at.UTC().Format(time.RFC3339))
			}
			if d := cmp.Diff(got, test.want); d != "" {
				t.Errorf("got, want:\n%s", d)
			}
		})
	}
}

func TestWhatIsNoExpression(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "* * * *", "* * * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * * 8",
		"5-1 * * * *", "*/0 * * * *", "*/x * * * *", "a * * * *", "1,,2 * * * *", "-1 * * * *", "* * L * *", "* * * ja *", "* * * anf *",
		"@often", "@every", "@every 1", "@every 10ms", "@every 1500ms", "@every -1s", "@at tomorrow",
	} {
		if e, err := cron.Parse(text); core.KindOf(err) != core.KindInvalid {
			t.Errorf("%q: got %+v, %v", text, e, err)
		}
	}
}

// zones are the names of all zones that Go ships.
func zones(t *testing.T) []string {
	t.Helper()
	archive, err := zip.OpenReader(filepath.Join(runtime.GOROOT(), "lib", "time", "zoneinfo.zip")) //nolint:staticcheck // of the toolchain that runs the test
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	var names []string
	for _, f := range archive.File {
		if !strings.HasSuffix(f.Name, "/") {
			names = append(names, f.Name)
		}
	}
	if len(names) < 400 {
		t.Fatalf("got only %d zones", len(names))
	}
	return names
}

// TestEachDayOnce holds, in all zones, the ticks of one time of day against
// what is found by trying: the first instant at which a clock shows it, or
// else the first at which it shows more.
func TestEachDayOnce(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a sample
	for _, name := range zones(t) {
		z := zone(t, name)
		hour, minute := random.IntN(24), random.IntN(60)
		if random.IntN(2) == 0 {
			hour = random.IntN(4) // where clocks are changed
		}
		e, err := cron.Parse(time.Date(2000, 1, 1, hour, minute, 0, 0, time.UTC).Format("4 15 * * *"))
		if err != nil {
			t.Fatal(err)
		}
		year := 2015 + random.IntN(20)
		tick := time.Date(year, 1, 1, hour, minute, 0, 0, z)
		for day := 2; day < 400; day++ {
			tick = e.Next(tick, z, time.Time{})
			if want := firstShown(time.Date(year, 1, day, hour, minute, 0, 0, time.UTC), z); !tick.Equal(want) {
				t.Fatalf("%s: got %s, want %s", name, tick, want.In(z))
			}
		}
	}
}

// firstShown returns the first instant at which a clock in the zone shows the
// wall time or more, given as if it were UTC.
func firstShown(wall time.Time, z *time.Location) time.Time {
	shown := func(at time.Time) time.Time {
		_, offset := at.In(z).Zone()
		return at.Add(time.Duration(offset) * time.Second).In(time.UTC)
	}
	// Every change of clocks is at a full quarter of an hour, and none in these
	// years is of more than three hours.
	_, offset := wall.In(z).Zone()
	from := wall.Add(-time.Duration(offset)*time.Second - 4*time.Hour).Truncate(15 * time.Minute)
	for ; ; from = from.Add(15 * time.Minute) {
		if next := from.Add(15 * time.Minute); !shown(next.Add(-time.Second)).Before(wall) || !shown(next).Before(wall) {
			break
		}
	}
	for ; shown(from).Before(wall); from = from.Add(time.Minute) {
	}
	return from
}

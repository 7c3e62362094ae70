package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/store"
)

func TestLogOfAFunctionIsReadInOrderAndInPages(t *testing.T) {
	t.Parallel()
	db, rdb := setup(t)
	ctx := t.Context()
	f, g := function("f"), function("g")
	must(t, db.PutAction(ctx, f, ""))
	// By Redis' clock: lines are found by when they were written.
	start := rdb.Time(ctx).Val().Add(-time.Minute)
	var want []store.FunctionLine
	for i := range 1500 {
		l := store.FunctionLine{
			Function: f.Name, Instance: fmt.Sprint("c", i%2), At: start.Add(time.Duration(i) * time.Microsecond).UTC(), Text: fmt.Sprint("line ", i),
		}
		want = append(want, l)
	}
	other := store.FunctionLine{Function: g.Name, At: start.UTC(), Text: "other"}
	must(t, db.AppendFunctionLog(ctx, append([]store.FunctionLine{other}, want...)))
	must(t, db.AppendFunctionLog(ctx, nil))

	var got []store.FunctionLine
	after := ""
	for {
		lines, next, err := db.FunctionLog(ctx, f.Name, after, start)
		must(t, err)
		if after = next; len(lines) == 0 {
			break
		}
		got = append(got, lines...)
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
	tail, last, err := db.FunctionLogTail(ctx, f.Name, "c1", 600, time.Time{})
	must(t, err)
	if len(tail) != 600 || tail[599].Text != "line 1499" || tail[0].Text != "line 301" || last != after {
		t.Errorf("got %d lines, from %q to %q; position %s, want %s", len(tail), tail[0].Text, tail[len(tail)-1].Text, last, after)
	}
	if tail, _, err = db.FunctionLogTail(ctx, f.Name, "", 5, time.Now().Add(time.Hour)); err != nil || len(tail) != 0 {
		t.Errorf("lines of the future: %v, %v", tail, err)
	}
	must(t, db.DeleteAction(ctx, f.Name, f.Revision))
	lines, _, err := db.FunctionLog(ctx, f.Name, "", time.Time{})
	if err != nil || len(lines) != 0 {
		t.Errorf("after its deletion: %d lines, %v", len(lines), err)
	}
}

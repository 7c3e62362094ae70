package store_test

import (
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"
)

func zAt(score int, member string) redis.Z { return redis.Z{Score: float64(score), Member: member} }

func TestCheckFindsWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	const tag = "hearth:{guest}:"
	for _, c := range []struct {
		name   string
		damage []any
		want   []string
	}{
		{"nothing wrong", []any{"PING"}, nil},
		{"index without entity", []any{"ZADD", tag + "index:action", 1, "ghost"},
			[]string{"guest/ghost: the index of actions names it, but it is not there"}},
		{"index of functions without entity", []any{"ZADD", tag + "functions", 1, "ghost"},
			[]string{"guest/ghost: the index of functions names it, but it is not there"}},
		{"entity in the index of another type", []any{"ZADD", tag + "index:rule", 1, "t"},
			[]string{"guest/t: the index of rules names it, but it is not there"}},
		{"entity without index", []any{"ZREM", tag + "index:trigger", "t"},
			[]string{"guest/t: the index of triggers lacks it"}},
		{"package without its action", []any{"DEL", tag + "entity:p/a"},
			[]string{"guest/p/a: its package names it, but it is not there", "guest/p/a: the index of actions names it, but it is not there"}},
		{"packaged action that its package lacks", []any{"ZREM", tag + "package:p", "p/a"},
			[]string{"guest/p/a: its package lacks it"}},
		{"packaged action without package", []any{"DEL", tag + "entity:p"},
			[]string{"guest/p/a: it has no package", "guest/p: the index of packages names it, but it is not there"}},
		{"rule without link", []any{"DEL", tag + "links:t"},
			[]string{"guest/r: trigger t has no link to it"}},
		{"link without rule", []any{"HSET", tag + "links:t", "ghost", "active /guest/p/a"},
			[]string{"guest/ghost: trigger t has a link to it, but it is not there"}},
		{"two links", []any{"HSET", tag + "links:u", "r", "active /guest/p/a"},
			[]string{"guest/r: trigger u has a link to it that it left"}},
		{"states differ", []any{"HSET", tag + "links:t", "r", "inactive /guest/p/a"},
			[]string{`guest/r: trigger t has the link "inactive /guest/p/a" for it`}},
		{"active without trigger", []any{"DEL", tag + "entity:t"},
			[]string{"guest/r: it is active without its trigger t", "guest/t: the index of triggers names it, but it is not there"}},
		{"unknown type", []any{"HSET", tag + "entity:p/a", "type", "gadget"},
			[]string{
				"guest/p/a: its package names it, but it is not there", `guest/p/a: its type "gadget" is unknown`,
				"guest/p/a: the index of actions names it, but it is not there",
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db, rdb := setup(t)
			ctx := t.Context()
			must(t, db.PutPackage(ctx, pkg("p"), ""))
			must(t, db.PutAction(ctx, action("p/a"), ""))
			must(t, db.PutTrigger(ctx, trigger("t"), ""))
			must(t, db.PutRule(ctx, rule("r", "t", "p/a"), nil))
			must(t, rdb.Do(ctx, c.damage...).Err())
			found, err := db.Check(ctx)
			must(t, err)
			var got []string
			for _, f := range found {
				got = append(got, f.String())
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestCheckFindsCorruptDocuments(t *testing.T) {
	t.Parallel()
	db, rdb := setup(t)
	ctx := t.Context()
	must(t, db.PutTrigger(ctx, trigger("t"), ""))
	must(t, db.PutRule(ctx, rule("r", "t", "a"), nil))
	for _, n := range []string{"t", "r"} {
		must(t, rdb.HSet(ctx, "hearth:{guest}:entity:"+n, "doc", "{").Err())
	}
	found, err := db.Check(ctx)
	must(t, err)
	if len(found) != 2 {
		t.Errorf("got %v, want one finding for each document", found)
	}
}

package control_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

// TestWithoutRedisNothingIsCalledMissing makes sure that no verb takes an
// outage for an answer: "unavailable" is no "not found" and no "forbidden".
func TestWithoutRedisNothingIsCalledMissing(t *testing.T) {
	t.Parallel()
	srv := storetest.Server(t)
	rdb := redis.NewClient(&redis.Options{
		Network: "unix", Addr: srv.Socket(), MaxRetries: -1, DialerRetries: 1,
		ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second, DialTimeout: 30 * time.Second,
	})
	t.Cleanup(func() { _ = rdb.Close() })
	db := store.New(rdb)
	creds, err := db.CreateNamespace(t.Context(), "guest")
	if err != nil {
		t.Fatal(err)
	}
	p := newPlane(rdb, control.Options{})
	who := core.Subject{Name: "guest", Namespace: core.Namespace{Name: "guest"}}
	srv.Kill()

	ctx := t.Context()
	mine, theirs := of("/guest/p/a"), of("/other/p/a")
	_, authenticate := p.Authenticate(ctx, creds)
	_, owner := p.Owner(ctx, "guest")
	_, resolve := p.Resolve(ctx, who, mine)
	_, foreign := p.Resolve(ctx, who, theirs)
	_, putAction := p.PutAction(ctx, who, mine, control.ActionPatch{Exec: code("x")}, true)
	_, putSequence := p.PutAction(ctx, who, mine, control.ActionPatch{Exec: sequence("/other/p/a", "/guest/a")}, true)
	_, deleteAction := p.DeleteAction(ctx, who, mine)
	_, actions := p.Actions(ctx, who, "guest", "", control.Page{})
	_, packaged := p.Actions(ctx, who, "other", "p", control.Page{})
	_, _, pkg := p.Package(ctx, who, of("/other/p"))
	_, putPackage := p.PutPackage(ctx, who, of("/guest/p"), control.PackagePatch{Binding: ref("/other/p")}, true)
	_, deletePackage := p.DeletePackage(ctx, who, of("/guest/p"), true)
	_, packages := p.Packages(ctx, who, "other", control.Page{})
	_, trigger := p.Trigger(ctx, who, of("/guest/t"))
	_, putTrigger := p.PutTrigger(ctx, who, of("/guest/t"), control.TriggerPatch{}, true)
	_, rule := p.Rule(ctx, who, of("/guest/r"))
	_, putRule := p.PutRule(ctx, who, of("/guest/r"), control.RulePatch{Trigger: ref("/guest/t"), Action: ref("/other/p/a")}, true)
	_, count := p.Count(ctx, who, "guest", core.TypeRule, "")
	for verb, err := range map[string]error{
		"authenticate": authenticate, "owner": owner, "resolve": resolve, "resolve a foreign action": foreign,
		"admit": p.Admit(ctx, who, control.RateInvoke), "put action": putAction, "put sequence": putSequence,
		"delete action": deleteAction, "list actions": actions, "list a foreign package": packaged,
		"get a foreign package": pkg, "put binding": putPackage, "delete package": deletePackage, "list packages": packages,
		"get trigger": trigger, "put trigger": putTrigger, "get rule": rule, "put rule": putRule,
		"set rule": p.SetRule(ctx, who, of("/guest/r"), true), "count": count,
	} {
		if core.KindOf(err) != core.KindUnavailable {
			t.Errorf("%s: got error %v (%s), want unavailable", verb, err, core.KindOf(err))
		}
	}

	srv.Start()
	// The client looks once a second whether Redis is back.
	eventually(t, "the key is accepted after the outage", func() bool {
		_, err := p.Authenticate(ctx, creds)
		return err == nil
	})
}

package store_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

func wantKind(t *testing.T, err error, want core.Kind) {
	t.Helper()
	if err == nil || core.KindOf(err) != want {
		t.Errorf("got error %v, want one of kind %s", err, want)
	}
}

func TestANamespaceHasCredentialsThatAreNotStored(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rdb := storetest.Redis(t)
	db := store.New(rdb)
	c, err := db.CreateNamespace(ctx, "team")
	must(t, err)
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}:[0-9A-Za-z]{64}$`).MatchString(c.String()) {
		t.Errorf("got credentials of the form %s", c)
	}
	who, err := db.Authenticate(ctx, c)
	must(t, err)
	want := core.Subject{Name: "team", UUID: c.UUID, Namespace: who.Namespace}
	if d := cmp.Diff(who, want); d != "" || who.Namespace.Name != "team" {
		t.Errorf("got, want:\n%s", d)
	}
	if time.Since(who.Namespace.Created).Abs() > time.Hour {
		t.Errorf("got created %s", who.Namespace.Created)
	}
	for _, key := range rdb.Keys(ctx, "*").Val() {
		if rdb.Type(ctx, key).Val() != "hash" {
			continue
		}
		for field, value := range rdb.HGetAll(ctx, key).Val() {
			if strings.Contains(value, c.Secret) {
				t.Errorf("%s %s has the secret", key, field)
			}
		}
	}
}

func TestOnlyTheRightCredentialsAreAccepted(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := store.New(storetest.Redis(t))
	ours, err := db.CreateNamespace(ctx, "ours")
	must(t, err)
	theirs, err := db.CreateNamespace(ctx, "theirs")
	must(t, err)
	blocked, err := db.CreateNamespace(ctx, "blocked")
	must(t, err)
	must(t, db.SetBlocked(ctx, "blocked", true))
	for _, c := range []struct {
		name string
		c    core.Credentials
	}{
		{"nothing", core.Credentials{}},
		{"the secret of another", core.Credentials{UUID: ours.UUID, Secret: theirs.Secret}},
		{"unknown key", core.Credentials{UUID: "00000000-0000-4000-8000-000000000000", Secret: ours.Secret}},
		{"key is no UUID", core.Credentials{UUID: "ours", Secret: ours.Secret}},
		{"short secret", core.Credentials{UUID: ours.UUID, Secret: ours.Secret[:63]}},
		{"longer secret", core.Credentials{UUID: ours.UUID, Secret: ours.Secret + "x"}},
		{"blocked namespace", blocked},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := db.Authenticate(ctx, c.c)
			wantKind(t, err, core.KindUnauthenticated)
		})
	}
	must(t, db.SetBlocked(ctx, "blocked", false))
	_, err = db.Authenticate(ctx, blocked)
	must(t, err)
}

func TestARotatedKeyReplacesTheOld(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := store.New(storetest.Redis(t))
	old, err := db.CreateNamespace(ctx, "ns")
	must(t, err)
	fresh, err := db.RotateKey(ctx, "ns")
	must(t, err)
	_, err = db.Authenticate(ctx, old)
	wantKind(t, err, core.KindUnauthenticated)
	who, err := db.Authenticate(ctx, fresh)
	must(t, err)
	if who.Namespace.Name != "ns" || fresh.Secret == old.Secret {
		t.Errorf("got %v with an old secret", who)
	}
	_, err = db.RotateKey(ctx, "nobody")
	wantKind(t, err, core.KindNotFound)
}

func TestKnownCredentialsCanBeGiven(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := store.New(storetest.Redis(t))
	known := core.Credentials{
		UUID:   "23bc46b1-71f6-4ed5-8c54-816aa4f8c502",
		Secret: "123zO3xZCLrMN6v2BKK1dXYFpXlPkccOFqm12CdAsMgRU4VrNZ9lyGVCGuMDGIwP",
	}
	must(t, db.CreateNamespaceWith(ctx, "guest", known))
	who, err := db.Authenticate(ctx, known)
	must(t, err)
	if who.Namespace.Name != "guest" {
		t.Errorf("got namespace %q", who.Namespace.Name)
	}
	wantKind(t, db.CreateNamespaceWith(ctx, "other", known), core.KindConflict)
	wantKind(t, db.CreateNamespaceWith(ctx, "short", core.Credentials{UUID: known.UUID, Secret: "x"}), core.KindInvalid)
	wantKind(t, db.CreateNamespaceWith(ctx, "odd", core.Credentials{UUID: "x", Secret: known.Secret}), core.KindInvalid)
	namespaces, err := db.Namespaces(ctx)
	must(t, err)
	if len(namespaces) != 1 {
		t.Errorf("got namespaces %v, want guest alone", namespaces)
	}
}

func TestNamesOfNamespaces(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := store.New(storetest.Redis(t))
	for _, good := range []string{"a", "whisk.system", "me@example.com", "x y"} {
		_, err := db.CreateNamespace(ctx, good)
		must(t, err)
	}
	for _, bad := range []string{"", "_", " a", "a ", "a/b", "{a}", "a*", strings.Repeat("a", 257)} {
		_, err := db.CreateNamespace(ctx, bad)
		wantKind(t, err, core.KindInvalid)
	}
	_, err := db.CreateNamespace(ctx, "a")
	wantKind(t, err, core.KindConflict)
	_, err = db.Namespace(ctx, "b")
	wantKind(t, err, core.KindNotFound)
	wantKind(t, db.SetBlocked(ctx, "b", true), core.KindNotFound)
	wantKind(t, db.SetQuota(ctx, "b", core.Quota{}), core.KindNotFound)
	wantKind(t, db.DeleteNamespace(ctx, "b"), core.KindNotFound)
}

func TestOneOfManyCreatesANamespace(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rdb := storetest.Redis(t)
	db := store.New(rdb)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var good []core.Credentials
	for range 20 {
		wg.Go(func() {
			c, err := db.CreateNamespace(ctx, "ns")
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				good = append(good, c)
			} else if core.KindOf(err) != core.KindConflict {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(good) != 1 {
		t.Fatalf("got %d creators, want one", len(good))
	}
	_, err := db.Authenticate(ctx, good[0])
	must(t, err)
	if keys := rdb.Keys(ctx, "hearth:key:*").Val(); len(keys) != 1 {
		t.Errorf("got %d keys, want that of the one", len(keys))
	}
}

func TestAQuotaComesBack(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := store.New(storetest.Redis(t))
	_, err := db.CreateNamespace(ctx, "ns")
	must(t, err)
	zero, seven, no := 0, 7, false
	want := core.Quota{InvocationsPerMinute: &zero, ConcurrentInvocations: &seven, AllowedKinds: []string{"go:1.26"}, StoreActivations: &no}
	must(t, db.SetQuota(ctx, "ns", want))
	ns, err := db.Namespace(ctx, "ns")
	must(t, err)
	if d := cmp.Diff(ns.Quota, want); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
	who, err := db.Owner(ctx, "ns")
	must(t, err)
	if d := cmp.Diff(who.Namespace, ns); d != "" || who.Name != "ns" || who.UUID == "" {
		t.Errorf("got owner %v; namespace got, want:\n%s", who, d)
	}
}

func TestADeletedNamespaceLeavesNothing(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rdb := storetest.Redis(t)
	db := store.New(rdb)
	gone, err := db.CreateNamespace(ctx, "guest")
	must(t, err)
	kept, err := db.CreateNamespace(ctx, "guest2")
	must(t, err)
	must(t, db.PutPackage(ctx, pkg("p"), ""))
	must(t, db.PutAction(ctx, action("p/a"), ""))
	must(t, db.PutTrigger(ctx, trigger("t"), ""))
	must(t, db.PutRule(ctx, rule("r", "t", "p/a"), nil))
	_, err = db.Admit(ctx, "guest", "invoke", 1, true)
	must(t, err)
	other := pkg("p")
	other.Name.Namespace = "guest2"
	must(t, db.PutPackage(ctx, other, ""))

	must(t, db.DeleteNamespace(ctx, "guest"))
	_, err = db.Authenticate(ctx, gone)
	wantKind(t, err, core.KindUnauthenticated)
	_, err = db.Authenticate(ctx, kept)
	must(t, err)
	_, err = db.Package(ctx, other.Name)
	must(t, err)
	for _, key := range rdb.Keys(ctx, "*").Val() {
		if strings.Contains(key, "{guest}") || strings.Contains(key, gone.UUID) || strings.HasSuffix(key, ":guest") {
			t.Errorf("left: %s", key)
		}
	}
	namespaces, err := db.Namespaces(ctx)
	must(t, err)
	if len(namespaces) != 1 || namespaces[0].Name != "guest2" {
		t.Errorf("got %v, want guest2 alone", namespaces)
	}
	_, err = db.CreateNamespace(ctx, "guest")
	must(t, err)
}

package control_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

// tenants is a plane with two namespaces: guest, which tests use, and
// provider, which has a shared package.
type tenants struct {
	*control.Plane
	t     testing.TB
	ctx   context.Context
	rdb   redis.UniversalClient
	db    *store.DB
	creds core.Credentials // of guest
	guest core.Subject
	owner core.Subject // of provider
}

// setupTenants makes in provider: the public package pub (a:1, b:1) with the
// action hi (c:1), the private package priv with the action hi, and an action
// hi outside packages.
func setupTenants(t testing.TB, opt control.Options) *tenants {
	t.Helper()
	rdb := storetest.Redis(t)
	db := store.New(rdb)
	s := &tenants{Plane: newPlane(rdb, opt), t: t, ctx: t.Context(), rdb: rdb, db: db}
	var err error
	s.creds, err = db.CreateNamespace(s.ctx, "guest")
	s.must(err)
	_, err = db.CreateNamespace(s.ctx, "provider")
	s.must(err)
	s.guest, err = s.Owner(s.ctx, "guest")
	s.must(err)
	s.owner, err = s.Owner(s.ctx, "provider")
	s.must(err)

	public := true
	shared := params("a", `1`, "b", `1`)
	_, err = s.PutPackage(s.ctx, s.owner, of("/provider/pub"), control.PackagePatch{Publish: &public, Params: &shared}, false)
	s.must(err)
	_, err = s.PutPackage(s.ctx, s.owner, of("/provider/priv"), control.PackagePatch{}, false)
	s.must(err)
	own := params("c", `1`)
	for _, n := range []string{"/provider/pub/hi", "/provider/priv/hi", "/provider/hi"} {
		_, err = s.PutAction(s.ctx, s.owner, of(n), control.ActionPatch{Exec: code("provided"), Params: &own}, false)
		s.must(err)
	}
	return s
}

func newPlane(rdb redis.UniversalClient, opt control.Options) *control.Plane {
	return control.New(store.New(rdb), queue.NewClient(rdb), slog.New(slog.DiscardHandler), opt)
}

// setupOther returns the plane of another API server.
func setupOther(s *tenants) *control.Plane { return newPlane(s.rdb, control.Options{}) }

func (s *tenants) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// put makes actions of guest.
func (s *tenants) put(names ...string) {
	s.t.Helper()
	for _, n := range names {
		_, err := s.PutAction(s.ctx, s.guest, of(n), control.ActionPatch{Exec: code("x")}, false)
		s.must(err)
	}
}

// putPackages makes packages of guest.
func (s *tenants) putPackages(names ...string) {
	s.t.Helper()
	for _, n := range names {
		_, err := s.PutPackage(s.ctx, s.guest, of(n), control.PackagePatch{}, false)
		s.must(err)
	}
}

// bind makes a binding of guest.
func (s *tenants) bind(name, target string, p core.Params) {
	s.t.Helper()
	to := of(target)
	_, err := s.PutPackage(s.ctx, s.guest, of(name), control.PackagePatch{Binding: &to, Params: &p}, false)
	s.must(err)
}

// putTriggers makes triggers of guest.
func (s *tenants) putTriggers(names ...string) {
	s.t.Helper()
	for _, n := range names {
		_, err := s.PutTrigger(s.ctx, s.guest, of(n), control.TriggerPatch{}, false)
		s.must(err)
	}
}

// sound fails the test unless all entities fit together.
func (s *tenants) sound() {
	s.t.Helper()
	found, err := s.db.Check(s.ctx)
	s.must(err)
	for _, f := range found {
		s.t.Error(f)
	}
}

// of reads a name that the test knows to be good.
func of(name string) core.Name {
	n, err := core.ParseName(name, "")
	if err != nil {
		panic(err)
	}
	return n
}

func ref(name string) *core.Name {
	n := of(name)
	return &n
}

func code(text string) *core.Exec { return &core.Exec{Kind: "nodejs:24", Code: []byte(text)} }

func sequence(components ...string) *core.Exec {
	e := &core.Exec{Kind: core.KindSequence}
	for _, c := range components {
		e.Components = append(e.Components, of(c))
	}
	return e
}

// params makes parameters of keys and JSON texts.
func params(pairs ...string) core.Params {
	var p core.Params
	for i := 0; i < len(pairs); i += 2 {
		p = append(p, core.Param{Key: pairs[i], Value: core.JSON(pairs[i+1])})
	}
	return p
}

// refused fails the test unless err is of the kind and says the message; an
// empty message is any.
func refused(t *testing.T, err error, kind core.Kind, message string) {
	t.Helper()
	if err == nil || core.KindOf(err) != kind || message != "" && err.Error() != message {
		t.Errorf("got error %v (%s)\nwant %s (%s)", err, core.KindOf(err), message, kind)
	}
}

const (
	notFound    = "The requested resource does not exist."
	otherType   = "Resource by this name exists but is not in this collection."
	exists      = "resource already exists"
	throughBind = "Operation not permitted on package binding."
)

func notAuthorized(names string) string {
	return "The supplied authentication is not authorized to access '" + names + "'."
}

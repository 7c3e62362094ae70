package worker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/runtime/kinds"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
	"github.com/hearth-faas/hearth/worker"
	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/engine/process"
	"github.com/hearth-faas/hearth/worker/pool"
)

// patience bounds every wait; nothing is asserted to be this fast.
const patience = time.Minute

const manifest = `{"runtimes": {"test": [{"kind": "test:1", "default": true,
	"image": {"prefix": "hearth", "name": "runtime-test", "tag": "1"}}]}}`

// platform is a control plane on a real Redis, and the means to run workers.
type platform struct {
	t     *testing.T
	rdb   redis.UniversalClient
	db    *store.DB
	plane *control.Plane
	who   core.Subject
	kinds *kinds.Manifest
}

func setup(t *testing.T) *platform {
	t.Helper()
	return on(t, storetest.Redis(t))
}

func on(t *testing.T, rdb redis.UniversalClient) *platform {
	t.Helper()
	m, err := kinds.Parse([]byte(manifest))
	if err != nil {
		t.Fatal(err)
	}
	db := store.New(rdb)
	p := &platform{t: t, rdb: rdb, db: db, kinds: m}
	p.plane = control.New(db, queue.NewClient(rdb), slog.New(slog.DiscardHandler), control.Options{})
	keys, err := db.CreateNamespace(t.Context(), "guest")
	if err != nil {
		t.Fatal(err)
	}
	if p.who, err = p.plane.Authenticate(t.Context(), keys); err != nil {
		t.Fatal(err)
	}
	return p
}

// background runs something until the test ends, or stop is called.
func (p *platform) background(run func(context.Context) error) (stop func()) {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := run(ctx); err != nil {
			p.t.Errorf("background: %v", err)
		}
	}()
	stop = func() {
		cancel()
		<-done
	}
	p.t.Cleanup(stop)
	return stop
}

// processes is an engine whose containers are this test binary.
func (p *platform) processes(id, boot string) engine.Engine {
	p.t.Helper()
	dir, err := os.MkdirTemp("", "hw") // short, as the paths of sockets must be
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = os.RemoveAll(dir) })
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	e, err := process.New(process.Options{
		Deployment: "test", Worker: id, Boot: boot, Dir: dir,
		Runtimes: []process.Runtime{{Image: "hearth/runtime-test:1", Command: []string{self}, Env: map[string]string{asContainer: "1"}}},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return e
}

// work starts a worker on the engine and waits until it is known.
func (p *platform) work(eng engine.Engine, opt worker.Options) (w *worker.Worker, stop func()) {
	p.t.Helper()
	if opt.ID == "" {
		opt.ID, opt.Boot = "w1", "b1"
	}
	log := slog.New(slog.NewTextHandler(p.t.Output(), nil))
	w, err := worker.New(worker.Deps{
		Plane: p.plane, DB: p.db, Engine: eng, Kinds: p.kinds, Log: log,
		Serve: func(ctx context.Context, o queue.Options, h queue.Handler) error {
			return queue.NewServer(p.rdb, log, o).Run(ctx, h)
		},
	}, opt)
	if err != nil {
		p.t.Fatal(err)
	}
	stop = p.background(w.Run)
	p.eventually("the worker announces itself", func() bool {
		all, err := p.db.Workers(p.t.Context())
		for _, known := range all {
			if known.ID == opt.ID && known.Boot == opt.Boot {
				return err == nil
			}
		}
		return false
	})
	return w, stop
}

// start is a platform with one worker of child processes.
func start(t *testing.T, opt worker.Options) (*platform, *worker.Worker) {
	t.Helper()
	p := setup(t)
	w, _ := p.work(p.processes("w1", "b1"), opt)
	return p, w
}

func (p *platform) eventually(what string, ok func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("never: %s", what)
		}
	}
}

// action makes an action of the test kind.
func (p *platform) action(name, code string, change func(*control.ActionPatch)) core.Name {
	p.t.Helper()
	n := core.Name{Namespace: "guest", Name: name}
	patch := control.ActionPatch{Exec: &core.Exec{Kind: "test:1", Code: []byte(code)}}
	if change != nil {
		change(&patch)
	}
	if _, err := p.plane.PutAction(p.t.Context(), p.who, n, patch, true); err != nil {
		p.t.Fatal(err)
	}
	return n
}

// invoke starts an activation that does something, see contained.run.
func (p *platform) invoke(n core.Name, do string, count int) core.ActivationID {
	p.t.Helper()
	id, err := p.plane.Invoke(p.t.Context(), p.call(n, do, count))
	if err != nil {
		p.t.Fatal(err)
	}
	return id
}

func (p *platform) call(n core.Name, do string, count int) control.Call {
	p.t.Helper()
	target, err := p.plane.Resolve(p.t.Context(), p.who, n)
	if err != nil {
		p.t.Fatal(err)
	}
	payload, err := json.Marshal(map[string]any{"do": do, "n": count})
	if err != nil {
		p.t.Fatal(err)
	}
	return control.Call{Subject: p.who, Target: target, Payload: payload, TransactionID: "tid"}
}

// run invokes and returns the record once it is visible, logs included.
func (p *platform) run(n core.Name, do string, count int) *core.Activation {
	p.t.Helper()
	return p.record(p.invoke(n, do, count))
}

func (p *platform) record(id core.ActivationID) *core.Activation {
	p.t.Helper()
	var a *core.Activation
	p.eventually(fmt.Sprintf("the record of %s", id), func() bool {
		list, err := p.plane.Activations(p.t.Context(), p.who, control.ActivationQuery{Docs: true})
		if err != nil {
			p.t.Fatal(err)
		}
		for i := range list {
			if list[i].ID == id {
				a = &list[i]
				return true
			}
		}
		return false
	})
	return a
}

// said is what contained.run answers.
type said struct {
	PID int
	Run int
	Env map[string]string
	Key string
}

func (p *platform) said(a *core.Activation) said {
	p.t.Helper()
	var s said
	if a.Outcome.Status != core.StatusSuccess {
		p.t.Errorf("activation ended as %s: %s", a.Outcome.Status, a.Outcome.Result)
	}
	if err := json.Unmarshal(a.Outcome.Result, &s); err != nil {
		p.t.Errorf("result %s: %v", a.Outcome.Result, err)
	}
	return s
}

// small is a pool that freezes and stocks nothing by itself.
func small(memory int) worker.Options {
	return worker.Options{Pool: pool.Options{Memory: memory, Stock: []pool.Stock{}}}
}

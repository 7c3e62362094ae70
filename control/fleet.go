package control

import (
	"context"
	"sync"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

const (
	// fleetBlock is how long one read of the fleet's stream waits.
	fleetBlock = 5 * time.Second
	// fleetAge is how long what is known of a function is used without another
	// look: a change that was not told is found so.
	fleetAge = 10 * time.Second
	// fleetIdle is how long what nobody asks for is remembered.
	fleetIdle = time.Minute
	// fleetRetry is the pause after a read that failed.
	fleetRetry = time.Second
)

// Fleet knows functions and where their replicas are. Each process has one,
// which the stream of changes keeps fresh while Plane.Run runs.
type Fleet struct {
	plane *Plane

	mu       sync.Mutex
	entries  map[core.Name]*entry
	watchers map[chan struct{}]struct{}
}

// entry is a function as it was when it was looked at.
type entry struct {
	seen    *Deployed
	read    time.Time
	used    time.Time
	loading chan struct{} // closed when the look that goes on has ended
}

// Deployed is a function with its replicas at one moment. It is not changed;
// Changed is closed when there is a newer one.
type Deployed struct {
	Action  *core.Action
	Spots   []Spot
	Changed <-chan struct{}

	changed chan struct{}
}

// Spot is a live worker process that has replicas of a function.
type Spot struct {
	store.Share
	// Ingress is the URL at which the process takes calls, and Key the secret
	// that it wants with them.
	Ingress, Key string
}

// Available is how many replicas take calls.
func (f *Deployed) Available() int {
	n := 0
	for _, s := range f.Spots {
		n += s.Ready
	}
	return n
}

// Trouble says why no replica can be started, where that is known and none is
// on its way.
func (f *Deployed) Trouble() string {
	text := ""
	for _, s := range f.Spots {
		if s.Ready > 0 || s.Starting > 0 {
			return ""
		}
		text = s.Trouble
	}
	return text
}

func newFleet(p *Plane) *Fleet {
	return &Fleet{plane: p, entries: map[core.Name]*entry{}, watchers: map[chan struct{}]struct{}{}}
}

// Fleet returns the process' view of functions and replicas.
func (p *Plane) Fleet() *Fleet { return p.fleet }

// Find returns the action of that name and, where it is a function, its
// replicas. KindNotFound when there is none.
func (f *Fleet) Find(ctx context.Context, name core.Name) (*Deployed, error) {
	now := time.Now()
	f.mu.Lock()
	if e := f.entries[name]; e != nil && e.seen != nil && now.Sub(e.read) < fleetAge {
		e.used = now
		seen := e.seen
		f.mu.Unlock()
		return seen, nil
	}
	f.mu.Unlock()
	return f.look(ctx, name, false)
}

// look reads the function, once for all who want it at the same time; with
// again, after whoever reads it already.
func (f *Fleet) look(ctx context.Context, name core.Name, again bool) (*Deployed, error) {
	f.mu.Lock()
	e := f.entries[name]
	if e == nil {
		e = &entry{}
		f.entries[name] = e
	}
	if loading := e.loading; loading != nil {
		f.mu.Unlock()
		select {
		case <-loading:
			if again {
				return f.look(ctx, name, true)
			}
			return f.Find(ctx, name)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	e.loading = make(chan struct{})
	f.mu.Unlock()
	seen, err := f.read(ctx, name)
	f.mu.Lock()
	defer f.mu.Unlock()
	close(e.loading)
	e.loading = nil
	if old := e.seen; old != nil && (err == nil || core.KindOf(err) == core.KindNotFound) {
		close(old.changed)
		e.seen = nil
	}
	if err != nil {
		if e.seen == nil {
			delete(f.entries, name)
		}
		return nil, err
	}
	e.seen, e.read, e.used = seen, time.Now(), time.Now()
	return seen, nil
}

func (f *Fleet) read(ctx context.Context, name core.Name) (*Deployed, error) {
	action, err := f.plane.db.Action(ctx, name, false)
	if err != nil {
		return nil, err
	}
	seen := &Deployed{Action: action, changed: make(chan struct{})}
	seen.Changed = seen.changed
	if action.Function == nil {
		return seen, nil
	}
	shares, err := f.plane.db.Shares(ctx, name.Namespace)
	if err != nil {
		return nil, err
	}
	seen.Spots, err = f.spots(ctx, shares[name.Local()])
	return seen, err
}

// spots are the shares of workers that live.
func (f *Fleet) spots(ctx context.Context, shares []store.Share) ([]Spot, error) {
	if len(shares) == 0 {
		return nil, nil
	}
	live, err := f.plane.Workers(ctx)
	if err != nil {
		return nil, err
	}
	var list []Spot
	for _, s := range shares {
		for _, w := range live {
			if w.Token() == s.Worker {
				list = append(list, Spot{Share: s, Ingress: w.Ingress, Key: w.IngressKey})
			}
		}
	}
	return list, nil
}

// Watch returns a channel that gets a value after changes, any number of them
// at once, until stop is called.
func (f *Fleet) Watch() (changes <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watchers[c] = struct{}{}
	return c, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.watchers, c)
	}
}

// run follows the stream until ctx ends.
func (f *Fleet) run(ctx context.Context) {
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { // a read that blocks does not see ctx end
		defer close(woken)
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = f.plane.db.WakeFleet(late) // or it ends by itself
	})
	defer func() {
		if !stop() {
			<-woken
		}
	}()
	position := ""
	for ctx.Err() == nil {
		names, next, err := f.events(ctx, position)
		if err != nil {
			position = "" // of a Redis that may have lost it
			select {
			case <-ctx.Done():
			case <-time.After(fleetRetry):
			}
			continue
		}
		position = next
		f.refresh(ctx, names)
	}
}

func (f *Fleet) events(ctx context.Context, position string) ([]core.Name, string, error) {
	if position == "" {
		var err error
		if position, err = f.plane.db.LastFleetEvent(ctx); err != nil {
			return nil, "", err
		}
	}
	return f.plane.db.FleetEvents(ctx, position, fleetBlock)
}

// refresh looks again at functions that have changed and somebody asks for,
// and tells those who watch.
func (f *Fleet) refresh(ctx context.Context, names []core.Name) {
	now := time.Now()
	f.mu.Lock()
	for name, e := range f.entries {
		if e.loading == nil && now.Sub(e.used) > fleetIdle {
			delete(f.entries, name)
		}
	}
	var wanted []core.Name
	for _, name := range names {
		if f.entries[name] != nil {
			wanted = append(wanted, name)
		}
	}
	if len(names) > 0 {
		for c := range f.watchers {
			select {
			case c <- struct{}{}:
			default:
			}
		}
	}
	f.mu.Unlock()
	for _, name := range wanted {
		_, _ = f.look(ctx, name, true) // whoever asks next sees the error
	}
}

// Portions returns the functions that this worker process shall have replicas
// of, and how many. Replica after replica goes to one live worker after the
// other, in an order that is the function's own and that all workers agree on.
func (f *Fleet) Portions(ctx context.Context, worker string) (map[core.Name]Portion, error) {
	all, err := f.plane.db.Deployed(ctx)
	if err != nil {
		return nil, err
	}
	workers, err := f.plane.Workers(ctx)
	if err != nil {
		return nil, err
	}
	portions := map[core.Name]Portion{}
	for _, a := range all {
		if n := portion(a, workers, worker); n > 0 {
			portions[a.Name] = Portion{Action: a, Count: n}
		}
	}
	return portions, nil
}

// Portion is a worker's part of the replicas of a function.
type Portion struct {
	Action *core.Action
	Count  int
}

// portion is how many of the replicas the worker of that id has.
func portion(a *core.Action, workers []store.Worker, id string) int {
	place, count := 0, 0
	var own uint64
	var able []store.Worker
	for _, w := range workers {
		if w.Drains || !w.Runs(core.KindFunction) {
			continue
		}
		able = append(able, w)
		if w.ID == id {
			own = weight(a.Name.Namespace, a.Name.Local(), id)
			count = 1
		}
	}
	if count == 0 {
		return 0
	}
	for _, w := range able {
		if n := weight(a.Name.Namespace, a.Name.Local(), w.ID); n > own || n == own && w.ID < id {
			place++
		}
	}
	return (a.Replicas + len(able) - 1 - place) / len(able)
}

// WakeFunction asks for the least number of replicas of a function that is
// scaled to none.
func (p *Plane) WakeFunction(ctx context.Context, a *core.Action) error {
	least, _ := ScaleBounds(a.Function)
	return p.db.WakeFunction(ctx, a, least)
}

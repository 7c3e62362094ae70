package control

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// Labels of a function that say how far it is scaled.
const (
	LabelScaleMin = "com.openfaas.scale.min"
	LabelScaleMax = "com.openfaas.scale.max"
	// LabelScaleFactor is the percentage of the bound above by which an alert
	// scales up; 0 switches scaling by load off.
	LabelScaleFactor = "com.openfaas.scale.factor"
)

// defaultScaleFactor is OpenFaaS'.
const defaultScaleFactor = 10

// MinFunctionMemory is the least memory of a container, in MB: Docker's.
const MinFunctionMemory = 6

// Unbounded as a limit of concurrency stands for the most that is allowed.
const Unbounded = math.MaxInt

// DefaultScaleMax is the most replicas of a function whose labels set no
// other bound.
const DefaultScaleMax = 20

// MaxReplicas bounds what anybody may ask for.
const MaxReplicas = 1000

// Deployment is the body of a deployment of a function.
type Deployment struct {
	Image    string
	Function core.Function // Created is set here
	Limits   core.Limits   // what is enforced
}

// CreateFunction deploys a new function. KindConflict when the name is taken,
// KindInvalid when it or a limit breaks a rule or a secret does not exist.
func (p *Plane) CreateFunction(ctx context.Context, who core.Subject, name core.Name, d Deployment) (*core.Action, error) {
	if err := p.mayDeploy(ctx, who, name, &d); err != nil {
		return nil, err
	}
	a := deploy(&core.Action{Meta: core.Meta{Name: name, Version: core.FirstVersion}}, d)
	a.Function.Created = time.Now().UTC().Truncate(time.Millisecond)
	if err := p.db.PutAction(ctx, a, ""); err != nil {
		return nil, err
	}
	return a, p.deployed(ctx, name, a.Function)
}

// UpdateFunction replaces a function as a whole; what is left of it is when it
// was created. KindNotFound when there is none of that name.
func (p *Plane) UpdateFunction(ctx context.Context, who core.Subject, name core.Name, d Deployment) (*core.Action, error) {
	var a *core.Action
	err := retry(ctx, func() error {
		old, err := p.Function(ctx, who, name)
		if err != nil {
			return err
		}
		if err := p.mayDeploy(ctx, who, name, &d); err != nil {
			return err
		}
		a = deploy(&core.Action{Meta: core.Meta{Name: name, Version: old.Version.Next()}}, d)
		a.Function.Created = old.Function.Created
		return lost(p.db.PutAction(ctx, a, old.Revision))
	})
	if err != nil {
		return nil, err
	}
	return a, p.deployed(ctx, name, a.Function)
}

// deploy makes of a the function that the deployment describes.
func deploy(a *core.Action, d Deployment) *core.Action {
	a.Exec = core.Exec{Kind: core.KindFunction, Image: d.Image}
	a.Limits = d.Limits
	f := d.Function
	a.Function = &f
	a.Replicas = max(1, label(f.Labels, LabelScaleMin, 1))
	forceAnnotations(a)
	return a
}

// label reads a label that is a number; what is none counts as absent.
func label(labels map[string]string, name string, other int) int {
	n, err := strconv.Atoi(labels[name])
	if err != nil || n < 0 {
		return other
	}
	return min(n, MaxReplicas)
}

// ScaleBounds returns the least and the most replicas that scaling by load
// gives a function.
func ScaleBounds(f *core.Function) (least, most int) {
	least = max(1, label(f.Labels, LabelScaleMin, 1))
	return least, max(least, label(f.Labels, LabelScaleMax, DefaultScaleMax))
}

// ScaleFactor returns by how many percent of the bound above an alert scales
// a function; 0 means that load does not scale it.
func ScaleFactor(f *core.Function) int {
	n := label(f.Labels, LabelScaleFactor, defaultScaleFactor)
	if n > 100 {
		return defaultScaleFactor
	}
	return n
}

// enforced returns the limits of a deployment as the platform allows them: the
// watchdog has time limits of its own, so a longer one is only cut; too much
// memory is refused.
func (p *Plane) enforced(l core.Limits) (core.Limits, error) {
	r := p.opt.Range
	r.Min.Memory = MinFunctionMemory
	l.Timeout = min(max(l.Timeout, r.Min.Timeout), r.Max.Timeout)
	l.Concurrency = min(max(l.Concurrency, 1), r.Max.Concurrency)
	l.Memory = max(l.Memory, MinFunctionMemory)
	return l, r.Check(l)
}

// mayDeploy checks rights, sizes, and that all secrets are there, and makes
// the limits those that will be enforced.
func (p *Plane) mayDeploy(ctx context.Context, who core.Subject, name core.Name, d *Deployment) (err error) {
	if err := mayPut(who, name); err != nil {
		return err
	}
	if err := mayRun(who, core.KindFunction); err != nil {
		return err
	}
	if err := fits("function", sizeOf(d.Function), core.MaxParameters); err != nil {
		return err
	}
	if d.Limits, err = p.enforced(d.Limits); err != nil {
		return err
	}
	if len(d.Function.Secrets) == 0 {
		return nil
	}
	known, err := p.db.SecretNames(ctx, name.Namespace)
	if err != nil {
		return err
	}
	for _, secret := range d.Function.Secrets {
		if _, ok := slices.BinarySearch(known, secret); !ok {
			return core.Errorf(core.KindInvalid, "unable to find secret: %s", secret)
		}
	}
	return nil
}

// sizeOf counts the bytes of what a deployment may hold any number of.
func sizeOf(f core.Function) int {
	n := len(f.EnvProcess)
	for _, m := range []map[string]string{f.EnvVars, f.Labels, f.Annotations} {
		for key, value := range m {
			n += len(key) + len(value)
		}
	}
	for _, list := range [][]string{f.Secrets, f.Constraints} {
		for _, s := range list {
			n += len(s)
		}
	}
	return n
}

// Function returns a function of the caller's. KindNotFound also when an
// entity of another kind has the name.
func (p *Plane) Function(ctx context.Context, who core.Subject, name core.Name) (*core.Action, error) {
	target, err := p.Resolve(ctx, who, name)
	if errors.Is(err, store.ErrOtherType) || err == nil && target.Action.Function == nil {
		return nil, store.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return target.Action, nil
}

// Functions returns all functions of the caller's namespace, latest first.
func (p *Plane) Functions(ctx context.Context, who core.Subject) ([]core.Action, error) {
	return p.db.Functions(ctx, who.Namespace.Name, 0, 0)
}

// DeleteFunction deletes a function of the caller's. KindNotFound.
func (p *Plane) DeleteFunction(ctx context.Context, who core.Subject, name core.Name) error {
	err := retry(ctx, func() error {
		a, err := p.Function(ctx, who, name)
		if err != nil {
			return err
		}
		return lost(p.db.DeleteAction(ctx, name, a.Revision))
	})
	if err != nil {
		return err
	}
	return p.deployed(ctx, name, nil)
}

// deployed tells all who have to know of a function that was written, or with
// nil of one that was deleted.
func (p *Plane) deployed(ctx context.Context, name core.Name, f *core.Function) error {
	if p.opt.Deployed != nil {
		if err := p.opt.Deployed(ctx, name, f); err != nil {
			return err
		}
	}
	return p.db.AnnounceFunction(ctx, name)
}

// ScaleFunction sets how many replicas of a function are wanted, from 0 to
// MaxReplicas. KindNotFound.
func (p *Plane) ScaleFunction(ctx context.Context, who core.Subject, name core.Name, replicas int) error {
	if err := mustOwn(who, name); err != nil {
		return err
	}
	if replicas < 0 || replicas > MaxReplicas {
		return core.Errorf(core.KindInvalid, "replicas must be from 0 to %d", MaxReplicas)
	}
	was, err := p.db.SetReplicas(ctx, name, replicas)
	if err != nil || was == replicas {
		return err
	}
	return p.db.AnnounceFunction(ctx, name)
}

// Invocations returns how often each function of the caller's has been
// invoked, by name; those never invoked are absent.
func (p *Plane) Invocations(ctx context.Context, who core.Subject) (map[string]int, error) {
	return p.db.Invocations(ctx, who.Namespace.Name)
}

// CountInvocations adds to the numbers of invocations of functions of a
// namespace, by name.
func (p *Plane) CountInvocations(ctx context.Context, namespace string, more map[string]int) error {
	return p.db.CountInvocations(ctx, namespace, more)
}

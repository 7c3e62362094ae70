package control

import (
	"context"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// LimitsPatch changes some limits; nil fields are kept.
type LimitsPatch struct {
	Timeout     *time.Duration
	Memory      *int
	Logs        *int
	Concurrency *int
	Instances   *int
}

// ActionPatch is the body of a PUT of an action; nil fields keep what is
// there, or the default on create.
type ActionPatch struct {
	Exec        *core.Exec   // replaces exec as a whole
	Params      *core.Params // replaces all
	Annotations core.Params  // merged by key
	Remove      []string     // annotations removed before the merge
	Limits      LimitsPatch
	Version     *core.Version
	Publish     *bool
}

// PutAction creates the action, or with overwrite updates it. KindConflict
// when it exists (without overwrite) or another type holds the name.
func (p *Plane) PutAction(ctx context.Context, who core.Subject, name core.Name, patch ActionPatch, overwrite bool) (*core.Action, error) {
	panic("unwritten")
}

// Action returns the action, parameters merged with those of its package and
// binding. Without code, Exec.Code is nil.
func (p *Plane) Action(ctx context.Context, who core.Subject, name core.Name, code bool) (*core.Action, error) {
	panic("unwritten")
}

// DeleteAction deletes the action and returns what it was.
func (p *Plane) DeleteAction(ctx context.Context, who core.Subject, name core.Name) (*core.Action, error) {
	panic("unwritten")
}

// Actions lists the actions of a namespace, latest first, without code and
// parameters; of one package where pkg is not empty.
func (p *Plane) Actions(ctx context.Context, who core.Subject, namespace, pkg string, page Page) ([]core.Action, error) {
	panic("unwritten")
}

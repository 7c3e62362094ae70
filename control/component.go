package control

import (
	"context"

	"github.com/hearth-faas/hearth/core"
)

// What a sequence can be refused for. The sentences are OpenWhisk's.
const (
	tooManyComponents = "Too many actions in the sequence."
	noComponents      = "No component specified for the sequence."
	ownComponent      = "Sequence may not refer to itself."
	missingComponent  = "Sequence component does not exist."
)

// mayExec checks the right to give an action this exec. It puts the caller's
// namespace in the place of "_" in the components of a sequence.
func (p *Plane) mayExec(ctx context.Context, who core.Subject, name core.Name, exec *core.Exec) error {
	if err := mayRun(who, exec.Kind); err != nil {
		return err
	}
	if exec.Kind != core.KindSequence {
		return nil
	}
	components := make([]core.Name, len(exec.Components))
	for i, c := range exec.Components {
		components[i] = inNamespaceOf(who, c)
	}
	exec.Components = components
	return p.checkSequence(ctx, who, name, components)
}

// checkSequence checks the components of a sequence called name: the right to
// read each, then their number with nested sequences counted by their atomic
// actions, then that the sequence does not contain itself, then that all
// exist.
func (p *Plane) checkSequence(ctx context.Context, who core.Subject, name core.Name, components []core.Name) error {
	if len(components) > core.MaxSequence {
		return core.Errorf(core.KindInvalid, tooManyComponents)
	}
	if len(components) == 0 {
		return core.Errorf(core.KindInvalid, noComponents)
	}
	e := expansion{plane: p, top: name, known: map[lookup]found{}}
	var denied []string
	for _, c := range components {
		err := e.find(ctx, who, c).err
		switch {
		case err == nil:
		case core.KindOf(err) == core.KindForbidden:
			denied = append(denied, c.Full())
		case isFailure(err):
			return err
		}
	}
	if len(denied) > 0 {
		return forbidden(denied...)
	}
	if err := e.expand(ctx, who, components, core.MaxSequence); err != nil {
		return err
	}
	switch {
	case e.leaves > core.MaxSequence:
		return core.Errorf(core.KindInvalid, tooManyComponents)
	case e.cyclic:
		return core.Errorf(core.KindInvalid, ownComponent)
	case e.missing:
		return core.Errorf(core.KindInvalid, missingComponent)
	}
	return nil
}

// expansion replaces nested sequences by what they consist of.
type expansion struct {
	plane *Plane
	top   core.Name // the sequence that is written
	known map[lookup]found

	leaves  int // components that are no sequences, so far
	cyclic  bool
	missing bool
}

// lookup is an action as a namespace sees it.
type lookup struct {
	namespace string
	name      core.Name
}

// found is an action that was looked up, or why it was not found.
type found struct {
	action *core.Action
	err    error
}

func (e *expansion) find(ctx context.Context, who core.Subject, name core.Name) found {
	key := lookup{who.Namespace.Name, name}
	f, ok := e.known[key]
	if !ok {
		target, err := e.plane.find(ctx, who, name, false)
		f = found{target.Action, err}
		e.known[key] = f
	}
	return f
}

// expand counts the components, as who sees them. depth bounds the nesting: a
// cycle that is not through top can have been made by a race, and no honest
// sequence is deeper than it may be long.
func (e *expansion) expand(ctx context.Context, who core.Subject, components []core.Name, depth int) error {
	for _, c := range components {
		if e.leaves > core.MaxSequence {
			return nil
		}
		if c == e.top {
			e.cyclic = true
			e.leaves++
			continue
		}
		f := e.find(ctx, who, c)
		switch {
		case f.err != nil && isFailure(f.err):
			return f.err
		case f.err != nil:
			e.missing = true
			e.leaves++
		case f.action.Name == e.top: // through a binding
			e.cyclic = true
			e.leaves++
		case f.action.Exec.Kind != core.KindSequence:
			e.leaves++
		case depth == 0:
			e.leaves = core.MaxSequence + 1
		default:
			if err := e.expand(ctx, namespaceOf(f.action), f.action.Exec.Components, depth-1); err != nil {
				return err
			}
		}
	}
	return nil
}

// namespaceOf is the subject that sees what a sequence refers to.
func namespaceOf(a *core.Action) core.Subject {
	return core.Subject{Namespace: core.Namespace{Name: a.Name.Namespace}}
}

// isFailure says whether err is none that the caller caused.
func isFailure(err error) bool {
	kind := core.KindOf(err)
	return kind == core.KindUnavailable || kind == core.KindInternal
}

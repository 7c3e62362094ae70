package control

import "github.com/hearth-faas/hearth/core"

// checkAction checks what an action asks for, in this order: sizes,
// limits, instances.
func (p *Plane) checkAction(who core.Subject, a *core.Action) error {
	code := len(a.Exec.Code) + len(a.Exec.Main) + len(a.Exec.Image)
	if err := fits("exec", code, core.MaxCode); err != nil {
		return err
	}
	if err := fitParams(a.Params, a.Annotations); err != nil {
		return err
	}
	if err := p.checkDestinations(a); err != nil {
		return err
	}
	if err := p.opt.Range.Check(a.Limits); err != nil {
		return err
	}
	concurrent := p.opt.Rates.Of(who.Namespace.Quota).ConcurrentInvocations
	if n := a.Limits.Instances; n != nil && *n > concurrent {
		return core.Errorf(core.KindOutOfRange,
			"Max action instance concurrency must not exceed your namespace concurrency of %d.", concurrent)
	}
	return nil
}

// fitParams checks the sizes of parameters and annotations.
func fitParams(params, annotations core.Params) error {
	if err := fits("parameters", params.Size(), core.MaxParameters); err != nil {
		return err
	}
	return fits("annotations", annotations.Size(), core.MaxAnnotations)
}

func fits(what string, size, most int) error {
	if size > most {
		return core.Errorf(core.KindTooLarge, "%s larger than allowed: %d > %d bytes.", what, size, most)
	}
	return nil
}

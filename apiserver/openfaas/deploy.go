package openfaas

import (
	"strconv"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// AnnotationTimeout is how long one call may take, as a duration or a number
// of seconds. Without it the variables of the watchdog say so.
const AnnotationTimeout = "hearth.timeout"

const (
	// defaultTimeout is that of a gateway (upstream_timeout).
	defaultTimeout = time.Minute
	// afterWatchdog is how much longer than the watchdog's own time limit a call
	// may take, so that it is the watchdog that answers.
	afterWatchdog = 2 * time.Second
)

// deployment reads the body of a deployment.
func (d *Dialect) deployment(r *request) (core.Subject, core.Name, control.Deployment, error) {
	var in deploymentJSON
	if err := r.decode(&in); err != nil {
		return core.Subject{}, core.Name{}, control.Deployment{}, err
	}
	return d.deploymentOf(r, in)
}

// deploymentOf is deployment for who has read it.
func (d *Dialect) deploymentOf(r *request, in deploymentJSON) (core.Subject, core.Name, control.Deployment, error) {
	var out control.Deployment
	who, err := d.caller(r, in.Namespace)
	name := core.Name{Namespace: who.Namespace.Name, Name: in.Service}
	if err != nil {
		return who, name, out, err
	}
	if err := validService(in.Service); err != nil {
		return who, name, out, err
	}
	if in.Image == "" || strings.ContainsFunc(in.Image, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return who, name, out, core.Errorf(core.KindInvalid, "image is required, and has no spaces")
	}
	out.Image = in.Image
	out.Function = core.Function{
		Namespace: d.shown(who.Namespace.Name), EnvProcess: in.EnvProcess, EnvVars: in.EnvVars, Secrets: in.Secrets,
		Constraints: in.Constraints, Limits: in.Limits.resources(), Requests: in.Requests.resources(), ReadOnlyRoot: in.ReadOnlyRoot,
	}
	if in.Labels != nil {
		out.Function.Labels = *in.Labels
	}
	if in.Annotations != nil {
		out.Function.Annotations = *in.Annotations
	}
	out.Limits, err = limitsOf(&out.Function)
	return who, name, out, err
}

// limitsOf returns what is enforced of what a deployment asks for.
func limitsOf(f *core.Function) (core.Limits, error) {
	l := core.DefaultLimits()
	l.Timeout = timeoutOf(f)
	if n, err := strconv.Atoi(f.EnvVars["max_inflight"]); err == nil && n > 0 {
		l.Concurrency = n
	} else {
		l.Concurrency = control.Unbounded
	}
	for _, part := range []struct {
		what string
		of   *core.Resources
	}{{"requests", f.Requests}, {"limits", f.Limits}} {
		if part.of == nil {
			continue
		}
		for _, q := range []struct{ what, text string }{{"cpu", part.of.CPU}, {"memory", part.of.Memory}} {
			if q.text == "" {
				continue
			}
			n, err := parseQuantity(q.text, part.what+"."+q.what)
			if err != nil {
				return l, err
			}
			if part.of == f.Limits && q.what == "memory" {
				l.Memory = megabytes(n)
			}
		}
	}
	return l, nil
}

// timeoutOf returns how long one call may take: what the annotation says, or
// else long enough for the watchdog to end it itself.
func timeoutOf(f *core.Function) time.Duration {
	if d, ok := duration(f.Annotations[AnnotationTimeout]); ok {
		return d
	}
	longest := defaultTimeout
	for _, variable := range []string{"exec_timeout", "write_timeout"} {
		if d, ok := duration(f.EnvVars[variable]); ok {
			longest = max(longest, d+afterWatchdog)
		}
	}
	return longest
}

// duration reads a number of seconds or a duration above 0, as the watchdogs
// do.
func duration(s string) (time.Duration, bool) {
	if n, err := strconv.Atoi(s); err == nil {
		return time.Duration(n) * time.Second, n > 0
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d > 0
}

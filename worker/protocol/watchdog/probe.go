package watchdog

import (
	"strconv"
	"time"
)

// Probe says how a replica is asked whether it is well.
type Probe struct {
	// Path is asked with GET; "/_/health" by default.
	Path string
	// Initial is the wait before the first probe, Period that between two,
	// Timeout how long one may take.
	Initial, Period, Timeout time.Duration
	// Successes in a row make a replica ready; Failures in a row end a live
	// one.
	Successes, Failures int
	// Locked says that the function suppresses its lock file: its watchdog
	// then answers 503 for good, and one that does so for Grace is ready.
	Locked bool
	Grace  time.Duration
}

// The prefixes of the annotations that change a probe.
const (
	annotationReady = "com.openfaas.ready.http."
	annotationLive  = "com.openfaas.health.http."
)

// HealthPath is where watchdogs answer probes.
const HealthPath = "/_/health"

// The defaults: of readiness a quick look, of life a patient one.
const (
	readyPeriod  = 20 * time.Millisecond
	livePeriod   = 10 * time.Second
	probeTimeout = time.Second
	liveFailures = 3
	lockGrace    = time.Second
)

// ReadyProbe reads the annotations and environment of a function. What is no
// number or no path counts as absent.
func ReadyProbe(annotations, env map[string]string) Probe {
	live := LiveProbe(annotations)
	p := Probe{Path: live.Path, Period: readyPeriod, Timeout: probeTimeout, Successes: 1, Grace: lockGrace}
	p.read(annotations, annotationReady)
	p.Locked = env["suppress_lock"] == "true" || env["suppress_lock"] == "1"
	return p
}

// LiveProbe reads the annotations of a function. Without any the process of
// the container is all that is watched, and Path is HealthPath for others.
func LiveProbe(annotations map[string]string) Probe {
	p := Probe{Path: HealthPath, Period: livePeriod, Timeout: probeTimeout, Successes: 1, Failures: liveFailures}
	p.read(annotations, annotationLive)
	return p
}

// Watches says whether the annotations ask for probes of life.
func Watches(annotations map[string]string) bool {
	for _, name := range []string{"path", "initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold"} {
		if _, ok := annotations[annotationLive+name]; ok {
			return true
		}
	}
	return false
}

func (p *Probe) read(annotations map[string]string, prefix string) {
	if path := annotations[prefix+"path"]; path != "" && path[0] == '/' {
		p.Path = path
	}
	number := func(name string, least int, set func(int)) {
		if n, err := strconv.Atoi(annotations[prefix+name]); err == nil && n >= least {
			set(n)
		}
	}
	number("initialDelaySeconds", 0, func(n int) { p.Initial = time.Duration(n) * time.Second })
	number("periodSeconds", 1, func(n int) { p.Period = time.Duration(n) * time.Second })
	number("timeoutSeconds", 1, func(n int) { p.Timeout = time.Duration(n) * time.Second })
	number("successThreshold", 1, func(n int) { p.Successes = n })
	number("failureThreshold", 1, func(n int) { p.Failures = n })
}

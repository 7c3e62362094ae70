package watchdog

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// reader reads settings, and collects what is wrong with them. One that is
// empty counts as absent.
type reader struct {
	values map[string]string
	strict bool // only "true" is true; otherwise "1" is, too
	errs   []error
}

func read(environ []string) *reader {
	r := &reader{values: make(map[string]string)}
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		r.values[name] = value
	}
	return r
}

func (r *reader) fail(name string, err error) {
	r.errs = append(r.errs, fmt.Errorf("variable %s: %w", name, err))
}

func (r *reader) text(name, otherwise string) string {
	if value := r.values[name]; value != "" {
		return value
	}
	return otherwise
}

func (r *reader) boolean(name string, otherwise bool) bool {
	value := r.values[name]
	if value == "" {
		return otherwise
	}
	return value == "true" || !r.strict && value == "1"
}

func (r *reader) number(name string, otherwise int) int {
	value := r.values[name]
	if value == "" {
		return otherwise
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		r.fail(name, err)
	}
	return n
}

// duration reads whole seconds, or a duration as Go writes it.
func (r *reader) duration(name string, otherwise time.Duration) time.Duration {
	value := r.values[name]
	if value == "" {
		return otherwise
	}
	if seconds, err := strconv.Atoi(value); err == nil {
		return time.Duration(seconds) * time.Second
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		r.fail(name, err)
	}
	return d
}

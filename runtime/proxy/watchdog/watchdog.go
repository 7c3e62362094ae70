// Package watchdog keeps the contract of OpenFaaS function images: plain HTTP
// on a port, with the function's process behind it. Fork starts a process per
// request; Upstream has one that serves HTTP itself.
package watchdog

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Config is what the environment says, under the names that the classic
// watchdog and of-watchdog have.
type Config struct {
	// Process is the command, from fprocess or function_process, split at
	// spaces without a shell.
	Process []string
	// ExecTimeout ends a request that takes longer; 0 means never.
	ExecTimeout time.Duration
	// ContentType of answers; "" means that of the request, or a guess.
	ContentType string
	// CombineOutput has what the process writes to stderr in the answer.
	CombineOutput bool
	// Headers puts the request into variables of the process.
	Headers bool
	// MaxInflight is how many requests may be served at once; 0 means any.
	MaxInflight int
	// UpstreamURL is where the process of Upstream serves.
	UpstreamURL string
	// Environ is the environment of the process.
	Environ []string
}

// ConfigFrom reads the environment. mode is "fork" or "http"; their default
// time limits differ.
func ConfigFrom(environ []string, mode string) (Config, error) {
	c := Config{CombineOutput: true, Headers: true, Environ: environ}
	if mode == "http" {
		c.ExecTimeout = 30 * time.Second
	}
	var errs []error
	for _, kv := range environ {
		key, value, _ := strings.Cut(kv, "=")
		var err error
		switch key {
		case "fprocess":
			if c.Process == nil {
				c.Process = strings.Fields(value)
			}
		case "function_process":
			c.Process = strings.Fields(value)
		case "exec_timeout":
			c.ExecTimeout, err = duration(value)
		case "content_type":
			c.ContentType = value
		case "combine_output":
			c.CombineOutput = value != "false"
		case "cgi_headers":
			c.Headers = value == "true"
		case "max_inflight":
			c.MaxInflight, err = strconv.Atoi(value)
		case "upstream_url":
			if c.UpstreamURL == "" {
				c.UpstreamURL = value
			}
		case "http_upstream_url":
			c.UpstreamURL = value
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("variable %s: %w", key, err))
		}
	}
	if len(c.Process) == 0 {
		errs = append(errs, errors.New("variable fprocess: the function's command is needed"))
	}
	if mode == "http" && c.UpstreamURL == "" {
		errs = append(errs, errors.New("variable http_upstream_url: the address of the function's server is needed"))
	}
	c.Environ = slices.DeleteFunc(slices.Clone(environ), func(kv string) bool { return strings.HasPrefix(kv, "HEARTH_") })
	return c, errors.Join(errs...)
}

// duration reads whole seconds, or a duration as Go writes it.
func duration(text string) (time.Duration, error) {
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(seconds) * time.Second, nil
	}
	return time.ParseDuration(text)
}

// Handler serves a function, with health checks beside it and no more than
// maxInflight requests at once.
func Handler(function http.Handler, maxInflight int) http.Handler {
	var slots chan struct{}
	if maxInflight > 0 {
		slots = make(chan struct{}, maxInflight)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/_/health", "/_/ready":
			health(w, r, r.URL.Path == "/_/ready" && slots != nil && len(slots) == cap(slots))
			return
		}
		if slots != nil {
			select {
			case slots <- struct{}{}:
				defer func() { <-slots }()
			default:
				w.Header().Set("X-OpenFaaS-Internal", "faas-middleware")
				w.Header().Set("Content-Type", "text/plain")
				w.WriteHeader(http.StatusTooManyRequests)
				fmt.Fprintf(w, "Concurrent request limit exceeded. Max concurrent requests: %d\n", maxInflight)
				return
			}
		}
		function.ServeHTTP(w, r)
	})
}

// health answers health and readiness checks.
func health(w http.ResponseWriter, r *http.Request, full bool) {
	switch {
	case r.Method != http.MethodGet:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case full:
		w.WriteHeader(http.StatusTooManyRequests)
	default:
		_, _ = w.Write([]byte("OK"))
	}
}

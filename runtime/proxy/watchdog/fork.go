package watchdog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/runtime/proxy/reap"
)

// Fork starts a process per request: the body is its input, its output is the
// answer.
type Fork struct {
	config  Config
	reaper  *reap.Reaper
	log     *log.Logger
	handler http.Handler
}

// NewFork returns a Fork. It writes to log, for each request, the lines that
// people look for in the logs of a function.
func NewFork(c Config, r *reap.Reaper, log *log.Logger) *Fork {
	f := &Fork{config: c, reaper: r, log: log}
	f.handler = Handler(http.HandlerFunc(f.serve), c.MaxInflight)
	return f
}

// Signal does nothing: requests that run are waited for.
func (f *Fork) Signal(os.Signal) {}

// Close does nothing: no process outlives its request.
func (f *Fork) Close(<-chan struct{}) {}

// ServeHTTP answers a request.
func (f *Fork) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.handler.ServeHTTP(w, r) }

func (f *Fork) serve(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.log.Print("Forking fprocess.")
	begin := time.Now()
	out, err := f.run(r, body)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		http.Error(w, "Killed process.", http.StatusRequestTimeout)
	case err != nil:
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, "%v\n%s", err, out)
	default:
		if kind := f.contentType(r); kind != "" {
			w.Header().Set("Content-Type", kind)
		}
		took := seconds(begin)
		w.Header().Set("X-Duration-Seconds", took)
		_, _ = w.Write(out)
		f.log.Printf("Wrote %d Bytes - Duration: %ss", len(out), took)
	}
}

func (f *Fork) contentType(r *http.Request) string {
	if f.config.ContentType != "" {
		return f.config.ContentType
	}
	return r.Header.Get("Content-Type")
}

// run runs the process and returns its output, whatever became of it. The
// error is context.DeadlineExceeded when it took too long and was killed.
func (f *Fork) run(r *http.Request, body []byte) ([]byte, error) {
	var out bytes.Buffer
	cmd := exec.Command(f.config.Process[0], f.config.Process[1:]...)
	cmd.Env = f.config.Environ
	if f.config.Headers {
		cmd.Env = slices.Concat(cmd.Env, variables(r))
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(body), &out, os.Stderr
	if f.config.CombineOutput {
		cmd.Stderr = &out
	}
	// What the process leaves behind must not keep the request.
	cmd.WaitDelay = time.Second
	if err := f.reaper.Start(cmd); err != nil {
		return nil, err
	}
	timedOut := func() bool { return false }
	if f.config.ExecTimeout > 0 {
		timer := time.AfterFunc(f.config.ExecTimeout, func() { _ = cmd.Process.Kill() })
		timedOut = func() bool { return !timer.Stop() }
	}
	err := f.reaper.Wait(cmd)
	if timedOut() && err != nil {
		return out.Bytes(), context.DeadlineExceeded
	}
	return out.Bytes(), err
}

// variables describes a request as a CGI-like environment, with the first
// value of each header.
func variables(r *http.Request) []string {
	var all []string
	for name, values := range r.Header {
		all = append(all, "Http_"+strings.ReplaceAll(name, "-", "_")+"="+values[0])
	}
	length := strconv.FormatInt(r.ContentLength, 10)
	all = append(all,
		"Http_Method="+r.Method,
		"Http_ContentLength="+length,
		"Http_Content_Length="+length,
		"Http_Path="+r.URL.Path,
		"Http_Host="+r.Host,
	)
	if len(r.TransferEncoding) > 0 {
		all = append(all, "Http_Transfer_Encoding="+strings.Join(r.TransferEncoding, ","))
	}
	if r.URL.RawQuery != "" {
		all = append(all, "Http_Query="+r.URL.RawQuery)
	}
	slices.Sort(all)
	return all
}

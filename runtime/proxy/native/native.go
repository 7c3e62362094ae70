// Package native keeps OpenWhisk's container contract with any executable,
// which runs once per request: the parameters are its first argument and its
// input, and the last line of its output is the result.
package native

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/hearth-faas/hearth/runtime/proxy/bundle"
	"github.com/hearth-faas/hearth/runtime/proxy/reap"
	"github.com/hearth-faas/hearth/runtime/proxy/sentinel"
	"github.com/hearth-faas/hearth/runtime/proxy/wire"
)

const (
	// maxArgument is the kernel's limit for one argument, less its end; longer
	// parameters come as input only.
	maxArgument = 128<<10 - 1

	textNoBinary = "The action failed to generate or locate a binary. See logs for details."
	textLocate   = "The action failed to locate a binary. See logs for details."
	textNoObject = "The action did not return a dictionary or array."
	textTwice    = "Cannot initialize the action more than once."
	textArgument = "The action did not receive a dictionary or array as an argument."
)

// Proxy serves /init and /run. Make it with New.
type Proxy struct {
	dir     string
	environ []string
	builtin string
	reaper  *reap.Reaper
	streams sentinel.Streams

	mu     sync.Mutex
	loaded bool
	file   string   // the executable
	extra  []string // variables of /init
}

// New returns a proxy that unpacks code into dir. builtin is the executable
// of an image that brings its own, or "".
func New(dir, builtin string, environ []string, r *reap.Reaper, s sentinel.Streams) *Proxy {
	return &Proxy{dir: dir, environ: environ, builtin: builtin, file: builtin, reaper: r, streams: s}
}

// Signal does nothing: no process outlives its request.
func (p *Proxy) Signal(os.Signal) {}

// Close does nothing: no process outlives its request.
func (p *Proxy) Close(<-chan struct{}) {}

// ServeHTTP answers POST /init and POST /run.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method != http.MethodPost:
		wire.Error(w, http.StatusMethodNotAllowed, "method not allowed")
	case r.URL.Path == "/init":
		p.init(w, r)
	case r.URL.Path == "/run":
		status, body := p.run(r.Body)
		p.streams.Close()
		wire.JSON(w, status, body)
	default:
		wire.Error(w, http.StatusNotFound, "not found")
	}
}

func (p *Proxy) init(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.loaded {
		fmt.Fprintln(os.Stderr, textTwice)
		wire.Error(w, http.StatusForbidden, textTwice)
		return
	}
	request, err := wire.ReadInit(r.Body)
	if err != nil {
		p.streams.Close()
		wire.Error(w, http.StatusBadRequest, err.Error())
		return
	}
	if err := p.load(request); err != nil {
		fmt.Fprintln(os.Stderr, err)
		p.streams.Close()
		wire.Error(w, http.StatusBadGateway, textNoBinary)
		return
	}
	p.loaded, p.extra = true, request.Environ()
	wire.JSON(w, http.StatusOK, []byte(`{"ok":true}`))
}

// load puts the code where it runs from. Without code, the image's own
// executable must be there.
func (p *Proxy) load(request wire.Init) error {
	if request.Code != "" {
		code := []byte(request.Code)
		if request.Binary {
			var err error
			if code, err = base64.StdEncoding.DecodeString(request.Code); err != nil {
				return fmt.Errorf("decode the code: %w", err)
			}
		}
		if err := os.MkdirAll(p.dir, 0o755); err != nil {
			return fmt.Errorf("make the action's folder: %w", err)
		}
		if err := bundle.Unpack(code, p.dir); err != nil {
			return err
		}
		p.file = filepath.Join(p.dir, "exec")
	}
	if p.file == "" {
		return errors.New("no code, and the image has no executable of its own")
	}
	info, err := os.Stat(p.file)
	if err != nil {
		return fmt.Errorf("find the executable: %w", err)
	}
	return os.Chmod(p.file, info.Mode().Perm()|0o500)
}

// run has the executable answer one request.
func (p *Proxy) run(r io.Reader) (int, []byte) {
	var request map[string]json.RawMessage
	body, err := io.ReadAll(r)
	if err != nil {
		return http.StatusBadRequest, wire.ErrorBody("Error reading request body: " + err.Error())
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return http.StatusBadRequest, wire.ErrorBody("Error unmarshaling request: " + err.Error())
	}
	p.mu.Lock()
	loaded, file := p.loaded, p.file
	p.mu.Unlock()
	if !loaded {
		return http.StatusBadGateway, wire.ErrorBody(textLocate)
	}
	value := request["value"]
	if value == nil {
		value = []byte("{}")
	}
	if !wire.IsResult(value) {
		return http.StatusNotFound, wire.ErrorBody(textArgument)
	}
	out, err := p.execute(file, value, contextVariables(request))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	logs, last := lastLine(out)
	_, _ = p.streams.Out.Write(logs)
	if !wire.IsResult(last) {
		if len(last) > 0 {
			_, _ = p.streams.Out.Write(append(last, '\n'))
		}
		return http.StatusBadGateway, wire.ErrorBody(textNoObject)
	}
	return http.StatusOK, last
}

// execute runs the file and returns what it wrote to stdout. A failure of the
// process does not make its output void.
func (p *Proxy) execute(file string, value []byte, variables []string) ([]byte, error) {
	var args []string
	if len(value) < maxArgument {
		args = append(args, string(value))
	}
	var out bytes.Buffer
	cmd := exec.Command(file, args...)
	cmd.Dir = filepath.Dir(file)
	cmd.Env = slices.Concat(p.environ, p.extra, variables)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(value), &out, os.Stderr
	if err := p.reaper.Start(cmd); err != nil {
		return nil, fmt.Errorf("start the action: %w", err)
	}
	if err := p.reaper.Wait(cmd); err != nil {
		return out.Bytes(), fmt.Errorf("run the action: %w", err)
	}
	return out.Bytes(), nil
}

// contextVariables makes __OW_* variables of a request's context.
func contextVariables(request map[string]json.RawMessage) []string {
	context := wire.Init{Env: make(map[string]json.RawMessage)}
	for key, value := range request {
		if key != "value" {
			context.Env["__OW_"+strings.ToUpper(key)] = value
		}
	}
	return context.Environ()
}

// lastLine splits output before its last line, which comes without its
// newline and surrounding space.
func lastLine(out []byte) (before, last []byte) {
	i := bytes.LastIndexByte(bytes.TrimRight(out, " \t\r\n"), '\n')
	return out[:i+1], bytes.TrimSpace(out[i+1:])
}

var _ http.Handler = (*Proxy)(nil)

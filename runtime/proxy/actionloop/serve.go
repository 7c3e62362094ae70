package actionloop

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"github.com/hearth-faas/hearth/runtime/proxy/wire"
)

// ServeHTTP answers POST /init and POST /run.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method != http.MethodPost:
		wire.Error(w, http.StatusMethodNotAllowed, "method not allowed")
	case r.URL.Path == "/init":
		p.init(w, r)
	case r.URL.Path == "/run":
		p.run(w, r)
	default:
		wire.Error(w, http.StatusNotFound, "not found")
	}
}

func (p *Proxy) init(w http.ResponseWriter, r *http.Request) {
	if p.closing.Load() {
		wire.Error(w, http.StatusServiceUnavailable, "the container is shutting down")
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child.Load() != nil {
		const text = "Cannot initialize the action more than once."
		fmt.Fprintln(os.Stderr, text)
		wire.Error(w, http.StatusForbidden, text)
		return
	}
	status, err := p.initialize(r.Body)
	if err != nil {
		p.streams.Close()
		wire.Error(w, status, err.Error())
		return
	}
	wire.JSON(w, http.StatusOK, []byte(`{"ok":true}`))
}

// initialize starts the action. The status belongs to the error.
func (p *Proxy) initialize(body io.Reader) (int, error) {
	request, err := wire.ReadInit(body)
	if err != nil {
		return http.StatusBadRequest, err
	}
	if request.Code == "" {
		return http.StatusForbidden, errors.New("Missing main/no code to execute.") //nolint:staticcheck // the contract's text
	}
	code := []byte(request.Code)
	if request.Binary {
		if code, err = base64.StdEncoding.DecodeString(request.Code); err != nil {
			return http.StatusBadRequest, fmt.Errorf("cannot decode the request: %w", err)
		}
	}
	dir, err := p.build(code, request.Main)
	if len(request.Code) > 1<<20 {
		// The memory of large code is the action's to use from here on.
		request.Code = ""
		debug.FreeOSMemory()
	}
	if err != nil {
		return http.StatusBadGateway, p.initError(err, "The action failed to generate or locate a binary. See logs for details.")
	}
	c, err := p.start(dir, request)
	if said := refusal(""); errors.As(err, &said) {
		return http.StatusBadGateway, said
	}
	if err != nil {
		return http.StatusBadGateway, p.initError(fmt.Errorf("cannot start action: %w", err), "Cannot start action. Check logs for details.")
	}
	p.child.Store(c)
	return http.StatusOK, nil
}

// start starts the action in dir and waits until it is ready.
func (p *Proxy) start(dir string, request wire.Init) (*child, error) {
	if len(p.config.Launcher) > 0 {
		return p.startLauncher(dir, request)
	}
	c, err := spawn(p.reaper, []string{filepath.Join(dir, "exec")}, dir, slices.Concat(p.config.Environ, request.Environ()))
	if err != nil {
		return nil, err
	}
	return c, c.begin(nil, p.config.WaitForAck)
}

// initError is err, or the hint when the image wants err in the logs.
func (p *Proxy) initError(err error, hint string) error {
	if !p.config.LogInitError {
		return err
	}
	fmt.Fprintln(os.Stderr, err)
	return errors.New(hint)
}

func (p *Proxy) run(w http.ResponseWriter, r *http.Request) {
	status, body := p.answer(r.Body)
	p.streams.Close()
	wire.JSON(w, status, body)
}

// answer has the action answer one request.
func (p *Proxy) answer(r io.Reader) (int, []byte) {
	body, err := io.ReadAll(r)
	if err != nil {
		return http.StatusBadRequest, wire.ErrorBody("Error reading request body: " + err.Error())
	}
	c := p.child.Load()
	if c == nil {
		return http.StatusInternalServerError, wire.ErrorBody("no action defined yet")
	}
	select {
	case <-c.ended:
		return http.StatusInternalServerError, wire.ErrorBody(errExited.Error())
	default:
	}
	if !json.Valid(body) {
		return http.StatusBadRequest, wire.ErrorBody("Error unmarshaling request: the body is not JSON")
	}
	a, err := c.call(body)
	if err != nil {
		return http.StatusBadRequest, wire.ErrorBody(err.Error())
	}
	if !wire.IsResult(a.body) {
		return http.StatusBadGateway, wire.ErrorBody("The action did not return a dictionary or array.")
	}
	return a.status, a.body
}

var _ http.Handler = (*Proxy)(nil)

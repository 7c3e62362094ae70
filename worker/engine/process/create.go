package process

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/hearth-faas/hearth/worker/engine"
)

// Create starts the runtime of spec.Image and waits for its socket.
func (p *Process) Create(ctx context.Context, spec engine.Spec) (engine.Container, error) {
	c, err := p.start(spec)
	if err != nil {
		spec.Output.End() // nothing was started that would
		return engine.Container{}, err
	}
	limit := spec.ReadyTimeout
	if limit == 0 {
		limit = engine.DefaultReadyTimeout
	}
	ready, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err = engine.AwaitConnection(ready, "unix", c.socket, c.ended)
	if errors.Is(err, engine.ErrEnded) {
		code := c.status().ExitCode
		err = fmt.Errorf("%w with code %d", err, code)
		if code == 126 || code == 127 { // as a shell says that it cannot run a program
			err = fmt.Errorf("%w: %w", engine.ErrCommand, err)
		}
	}
	if err != nil {
		err = fmt.Errorf("start %s: %w", spec.Image, err)
		return engine.Container{}, errors.Join(err, p.Remove(context.WithoutCancel(ctx), c.id))
	}
	return engine.Container{ID: c.id, Network: "unix", Address: c.socket}, nil
}

func (p *Process) start(spec engine.Spec) (*child, error) {
	runtime, ok := p.runtimes[spec.Image]
	if !ok {
		return nil, fmt.Errorf("run %s as a process: %w", spec.Image, engine.ErrImage)
	}
	path, err := p.lookPath(runtime.Command[0])
	if err != nil {
		return nil, fmt.Errorf("run %s: %w: %w", runtime.Command[0], engine.ErrCommand, err)
	}
	id := newID()
	dir := filepath.Join(p.options.Dir, id)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of process: %w", err)
	}
	if err := writeFiles(dir, spec.Files); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	command := &exec.Cmd{Path: path, Args: runtime.Command, Dir: runtime.Dir, Env: p.environment(dir, runtime, spec)}
	if command.Dir == "" {
		command.Dir = dir
	}
	c := newChild(id, dir, p.labels(spec))
	if err := c.start(command, spec.Output); err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			err = fmt.Errorf("%w: %w", engine.ErrCommand, err)
		}
		return nil, errors.Join(fmt.Errorf("start %s: %w", path, err), os.RemoveAll(dir))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.children[id] = c
	return c, nil
}

// lookPath finds a program in the PATH of the processes.
func (p *Process) lookPath(name string) (string, error) {
	if filepath.Base(name) != name {
		return exec.LookPath(name)
	}
	for _, dir := range filepath.SplitList(p.options.Path) {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("look for %s in %s: %w", name, p.options.Path, exec.ErrNotFound)
}

// environment is what the process sees: later entries win, and the worker's
// own variables, which may hold secrets, are left out.
func (p *Process) environment(dir string, runtime Runtime, spec engine.Spec) []string {
	env := []string{"PATH=" + p.options.Path, "HOME=" + dir, "TMPDIR=" + dir}
	for _, more := range []map[string]string{runtime.Env, spec.Env} {
		for k, v := range more {
			env = append(env, k+"="+v)
		}
	}
	return append(slices.Clip(env), engine.EnvSocket+"="+socketPath(dir))
}

func newID() string {
	var b [12]byte
	rand.Read(b[:]) // never fails, see its documentation
	return hex.EncodeToString(b[:])
}

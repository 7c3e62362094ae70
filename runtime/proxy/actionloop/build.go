package actionloop

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/hearth-faas/hearth/runtime/proxy/bundle"
)

// errNoExec is the error of code that left nothing to execute.
var errNoExec = errors.New("no executable named exec in the action")

// build unpacks code, compiles it if it must be, and returns the folder that
// it is in. Each call takes new folders.
func (p *Proxy) build(code []byte, main string) (dir string, err error) {
	src, bin, err := p.folders()
	if err != nil {
		return "", err
	}
	if err := p.unpack(code, src); err != nil {
		return "", err
	}
	if len(p.config.Launcher) > 0 {
		return src, nil
	}
	if err := p.compile(main, src, bin); err != nil {
		return "", err
	}
	return bin, nil
}

// folders makes <dir>/<n>/src and <dir>/<n>/bin, n being new.
func (p *Proxy) folders() (src, bin string, err error) {
	if err := os.MkdirAll(p.config.Dir, 0o755); err != nil {
		return "", "", fmt.Errorf("make the action's folder: %w", err)
	}
	for n := 1; ; n++ {
		dir := filepath.Join(p.config.Dir, fmt.Sprint(n))
		err := os.Mkdir(dir, 0o755)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		src, bin = filepath.Join(dir, "src"), filepath.Join(dir, "bin")
		if err = errors.Join(err, os.Mkdir(src, 0o755), os.Mkdir(bin, 0o755)); err != nil {
			return "", "", fmt.Errorf("make the action's folder: %w", err)
		}
		return src, bin, nil
	}
}

func (p *Proxy) unpack(code []byte, src string) error {
	switch form := bundle.Detect(code); {
	case form == bundle.Zip && p.config.SaveJar && isJar(code):
		return os.WriteFile(filepath.Join(src, "exec.jar"), code, 0o644)
	default:
		return bundle.Unpack(code, src)
	}
}

// isJar looks for the one entry that every jar file has. Names of entries are
// not compressed.
func isJar(code []byte) bool { return bytes.Contains(code, []byte("META-INF/MANIFEST.MF")) }

// compile fills bin from src: by the compiler, or by moving what is already
// compiled.
func (p *Proxy) compile(main, src, bin string) error {
	if bundle.Runs(filepath.Join(src, "exec")) || p.config.Compiler == "" {
		if err := p.checkEnv(src); err != nil {
			return err
		}
		if err := errors.Join(os.Remove(bin), os.Rename(src, bin)); err != nil {
			return fmt.Errorf("move the compiled action: %w", err)
		}
	} else if err := p.runCompiler(main, src, bin); err != nil {
		return err
	}
	file := filepath.Join(bin, "exec")
	info, err := os.Stat(file)
	if err != nil || info.IsDir() {
		return errNoExec
	}
	return os.Chmod(file, info.Mode().Perm()|0o555)
}

func (p *Proxy) runCompiler(main, src, bin string) error {
	var out bytes.Buffer
	cmd := exec.Command(p.config.Compiler, main, src, bin)
	cmd.Env = p.config.Environ
	cmd.Stdout, cmd.Stderr = &out, &out
	err := p.reaper.Start(cmd)
	if err == nil {
		err = p.reaper.Wait(cmd)
	}
	p.log.Debug("compiled", "output", out.String(), "err", err)
	if err == nil {
		return nil
	}
	if text := strings.TrimSpace(out.String()); text != "" {
		return errors.New(text)
	}
	return fmt.Errorf("compile the action: %w", err)
}

// checkEnv refuses an archive that was compiled for another image.
func (p *Proxy) checkEnv(dir string) error {
	if p.config.ExecutionEnv == "" {
		return nil
	}
	content, err := os.ReadFile(filepath.Join(dir, "exec.env"))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return fmt.Errorf("read exec.env: %w", err)
	}
	if got := strings.TrimSpace(string(content)); !strings.HasPrefix(got, p.config.ExecutionEnv) {
		return fmt.Errorf("Expected exec.env should start with %s\nActual value: %s", p.config.ExecutionEnv, got) //nolint:staticcheck // the contract's text
	}
	return nil
}

// Compile reads code, compiles it, and writes the result as a zip file that
// init accepts without compiling. environ is added to the compiler's.
func (p *Proxy) Compile(w io.Writer, code []byte, main string, environ []string) error {
	p.config.Environ = append(p.config.Environ, environ...)
	if len(p.config.Launcher) > 0 {
		return errors.New("this runtime compiles nothing: deploy the source as it is")
	}
	dir, err := p.build(code, main)
	if err != nil {
		return err
	}
	if p.config.ExecutionEnv != "" {
		if err := os.WriteFile(filepath.Join(dir, "exec.env"), []byte(p.config.ExecutionEnv), 0o644); err != nil {
			return fmt.Errorf("write exec.env: %w", err)
		}
	}
	return bundle.Pack(w, dir)
}

package actionloop

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/hearth-faas/hearth/runtime/proxy/wire"
)

// hello is the first line of input of a launcher: what to load, and the
// variables of /init, which it must set in its own environment.
//
// A launcher that gets a mark, runs several requests at a time, and knows
// which of them prints, says so: each line of output is then "<mark>
// <activation id> <text>", and "<mark> <activation id>" alone on both streams
// is the end of what the request prints, written before its answer. Launchers
// may leave all of that.
type hello struct {
	Folder string            `json:"folder"`
	Main   string            `json:"main"`
	Env    map[string]string `json:"env"`
	Mark   string            `json:"mark,omitempty"`
}

// Prepare starts the launcher, if the language has one, so that the time that
// its interpreter takes to start is over when /init comes.
func (p *Proxy) Prepare() {
	if len(p.config.Launcher) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := os.MkdirAll(p.config.Dir, 0o755); err != nil {
		p.log.Debug("make the action's folder", "err", err) // init tries again, and tells
		return
	}
	c, err := spawn(p.reaper, p.config.Launcher, p.config.Dir, p.config.Environ)
	if err != nil {
		p.log.Debug("start launcher", "err", err) // init tries again, and tells
		return
	}
	p.standby = c
}

// startLauncher has a launcher load the action in folder: the one that stands
// by, unless the action has variables that an interpreter reads as it starts.
func (p *Proxy) startLauncher(folder string, request wire.Init) (*child, error) {
	said := hello{Folder: folder, Main: request.Main, Env: make(map[string]string), Mark: request.Mark}
	environ := request.Environ()
	early := false
	for _, kv := range environ {
		key, value, _ := strings.Cut(kv, "=")
		said.Env[key] = value
		early = early || isEarly(key)
	}
	line, err := json.Marshal(said)
	if err != nil {
		return nil, fmt.Errorf("write to the launcher: %w", err)
	}
	c := p.standby
	p.standby = nil
	if c != nil && (early || !c.alive()) {
		c.kill()
		c = nil
	}
	if c == nil {
		if c, err = spawn(p.reaper, p.config.Launcher, folder, slices.Concat(p.config.Environ, environ)); err != nil {
			return nil, err
		}
	}
	return c, c.begin(append(line, '\n'), p.config.WaitForAck)
}

// isEarly says whether a variable means something to an interpreter, its
// libraries or the dynamic linker at their start.
func isEarly(key string) bool {
	switch key {
	case "PATH", "HOME", "TZ", "LANG", "LANGUAGE", "TMPDIR":
		return true
	}
	for _, prefix := range []string{"NODE_", "PYTHON", "RUBY", "GEM_", "PHP", "JAVA_", "JDK_", "LD_", "LC_", "UV_", "MALLOC_", "SSL_", "OPENSSL_", "GLIBC_"} {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

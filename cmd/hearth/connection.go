package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
)

// connection is where user commands find the platform and their key. Flags
// come first, then the property file.
type connection struct {
	Apihost  string `group:"Connection" placeholder:"URL" help:"The platform's address."`
	Auth     string `group:"Connection" short:"u" placeholder:"UUID:KEY" help:"The key of the namespace."`
	Insecure bool   `group:"Connection" short:"i" help:"Accept any TLS certificate."`
	Config   string `group:"Connection" placeholder:"FILE" help:"Property file; otherwise WSK_CONFIG_FILE, ~/.wskprops, or that of hearth up."`
}

// client makes the client that a command calls.
func (c connection) client(env environment) (*client.Client, error) {
	props, err := c.properties(env)
	if err != nil {
		return nil, err
	}
	opt := client.Options{Host: props["APIHOST"], Auth: props["AUTH"], Insecure: c.Insecure}
	if c.Apihost != "" {
		opt.Host = c.Apihost
	}
	if c.Auth != "" {
		opt.Auth = c.Auth
	}
	cl, err := client.New(opt)
	if err != nil {
		return nil, usagef("%v", err)
	}
	return cl, nil
}

// properties reads the first property file there is. One that is named must
// be there.
func (c connection) properties(env environment) (map[string]string, error) {
	if c.Apihost != "" && c.Auth != "" {
		return nil, nil //nolint:nilnil // a nil map reads as an empty one
	}
	for _, name := range []string{c.Config, env["WSK_CONFIG_FILE"]} {
		if name != "" {
			return readProperties(name)
		}
	}
	for _, name := range []string{
		filepath.Join(env["HOME"], ".wskprops"),
		filepath.Join(env[prefix+"DATA"], propertyFile),
		filepath.Join(env.dataHome(), "hearth", propertyFile),
	} {
		props, err := readProperties(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return props, err
	}
	return nil, nil //nolint:nilnil // as above
}

// readProperties reads lines of the form KEY=VALUE.
func readProperties(name string) (map[string]string, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read property file: %w", err)
	}
	props := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(b))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if key, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			props[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return props, lines.Err()
}

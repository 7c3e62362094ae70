package docker

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/registry"
)

// dockerHub is the name under which config.json has the default registry.
const dockerHub = "https://index.docker.io/v1/"

// login returns the encoded credentials for the registry of an image, empty
// if there are none. Credential helpers are not run.
func (d *Docker) login(name string) (string, error) {
	if d.options.Credentials == "" {
		return "", nil
	}
	text, err := os.ReadFile(d.options.Credentials)
	if err != nil {
		return "", fmt.Errorf("read registry credentials: %w", err)
	}
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return "", fmt.Errorf("read image name %q: %w", name, err)
	}
	auth, err := findLogin(text, reference.Domain(named))
	if err != nil || auth == nil {
		return "", err
	}
	encoded, err := registry.EncodeAuthConfig(*auth)
	if err != nil {
		return "", fmt.Errorf("encode registry credentials: %w", err)
	}
	return encoded, nil
}

// findLogin looks a registry up in the text of a config.json; nil if it is not
// there.
func findLogin(text []byte, domain string) (*registry.AuthConfig, error) {
	var config struct {
		Auths map[string]struct {
			Auth          string `json:"auth"`
			Username      string `json:"username"`
			Password      string `json:"password"`
			IdentityToken string `json:"identitytoken"`
		} `json:"auths"`
	}
	if err := json.Unmarshal(text, &config); err != nil {
		return nil, fmt.Errorf("read registry credentials: %w", err)
	}
	keys := []string{domain, "https://" + domain, "https://" + domain + "/v1/", "https://" + domain + "/v2/"}
	if domain == "docker.io" {
		keys = []string{dockerHub, domain}
	}
	for _, key := range keys {
		found, ok := config.Auths[key]
		if !ok {
			continue
		}
		auth := &registry.AuthConfig{
			Username: found.Username, Password: found.Password,
			IdentityToken: found.IdentityToken, ServerAddress: key,
		}
		if found.Auth == "" {
			return auth, nil
		}
		pair, err := base64.StdEncoding.DecodeString(found.Auth)
		if err != nil {
			return nil, fmt.Errorf("read registry credentials of %s: %w", key, err)
		}
		auth.Username, auth.Password, _ = strings.Cut(string(pair), ":")
		return auth, nil
	}
	return nil, nil
}

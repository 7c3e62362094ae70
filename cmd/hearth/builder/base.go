package builder

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
)

// missing says which base images of a folder the daemon does not have: that is
// the reason of most failures, and the daemon's own words are about logins.
func (b *Builder) missing(ctx context.Context, folder string) string {
	text, err := os.ReadFile(filepath.Join(folder, dockerfile))
	if err != nil {
		return ""
	}
	var list []string
	for _, image := range bases(text) {
		if _, err := b.docker.ImageInspect(ctx, image); cerrdefs.IsNotFound(err) {
			list = append(list, image)
		}
	}
	if len(list) == 0 {
		return ""
	}
	return " (not on this machine: " + strings.Join(list, ", ") + ")"
}

// bases returns the images that a Dockerfile begins with, without its own
// stages, and without those whose names are computed.
func bases(text []byte) []string {
	var images []string
	stages := map[string]bool{"scratch": true}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) < 2 || !strings.EqualFold(words[0], "FROM") {
			continue
		}
		words = words[1:]
		if len(words) > 1 && strings.HasPrefix(words[0], "--") {
			words = words[1:]
		}
		if !stages[words[0]] && !strings.Contains(words[0], "$") {
			images = append(images, words[0])
			stages[words[0]] = true
		}
		if len(words) == 3 && strings.EqualFold(words[1], "AS") {
			stages[words[2]] = true
		}
	}
	return images
}

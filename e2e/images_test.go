package e2e_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	dockerregistry "github.com/docker/docker/api/types/registry"
	"github.com/docker/docker/client"
)

// labelTest marks the images of this run.
const labelTest = "hearth.test"

// images makes images of the server in testdata/foreign.
type images struct {
	daemon *client.Client
	layer  []byte
}

func newImages(t *testing.T) *images {
	t.Helper()
	program := filepath.Join(t.TempDir(), "server")
	build := exec.CommandContext(patient(t), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, "./testdata/foreign")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build server: %v\n%s", err, out)
	}
	text, err := os.ReadFile(program)
	ok(t, err)
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	ok(t, w.WriteHeader(&tar.Header{Name: "server", Mode: 0o755, Size: int64(len(text))}))
	_, err = w.Write(text)
	ok(t, errors.Join(err, w.Close()))
	i := &images{daemon: daemon(t), layer: layer.Bytes()}
	t.Cleanup(func() { i.remove(t, filters.Arg("label", labelTest+"="+thisRun)) })
	return i
}

// local makes an image that the daemon has, with that environment.
func (i *images) local(t *testing.T, name string, env ...string) {
	t.Helper()
	repository, tag := name, "latest"
	if at := strings.LastIndex(name, ":"); at > strings.LastIndex(name, "/") {
		repository, tag = name[:at], name[at+1:]
	}
	changes := []string{`ENTRYPOINT ["/server"]`, "LABEL " + labelTest + "=" + thisRun}
	for _, e := range env {
		changes = append(changes, "ENV "+e)
	}
	progress, err := i.daemon.ImageImport(patient(t), image.ImportSource{Source: bytes.NewReader(i.layer), SourceName: "-"},
		repository, image.ImportOptions{Tag: tag, Changes: changes})
	ok(t, err)
	_, err = read(progress)
	ok(t, err)
}

// push makes an image that only the registry has, and returns its name with a
// digest.
func (i *images) push(t *testing.T, name string, env ...string) string {
	t.Helper()
	i.local(t, name, env...)
	login, err := dockerregistry.EncodeAuthConfig(dockerregistry.AuthConfig{Username: registryUser, Password: registryPassword})
	ok(t, err)
	progress, err := i.daemon.ImagePush(patient(t), name, image.PushOptions{RegistryAuth: login})
	ok(t, err)
	digest, err := read(progress)
	ok(t, err)
	if digest == "" {
		t.Fatalf("the daemon told no digest of %s", name)
	}
	i.remove(t, filters.Arg("reference", name))
	return name[:strings.LastIndex(name, ":")] + "@" + digest
}

// remove deletes images, those too that are deleted meanwhile.
func (i *images) remove(t *testing.T, which filters.KeyValuePair) {
	t.Helper()
	ctx, cancel := last()
	defer cancel()
	found, err := i.daemon.ImageList(ctx, image.ListOptions{Filters: filters.NewArgs(which)})
	if err != nil {
		t.Errorf("list images: %v", err)
	}
	for _, one := range found {
		if _, err := i.daemon.ImageRemove(ctx, one.ID, image.RemoveOptions{Force: true}); err != nil && !cerrdefs.IsNotFound(err) {
			t.Errorf("remove image: %v", err)
		}
	}
}

// read reads what the daemon tells of its work to the end, and returns the
// digest if it names one.
func read(progress io.ReadCloser) (digest string, err error) {
	defer progress.Close()
	for lines := json.NewDecoder(progress); ; {
		var line struct {
			Error string
			Aux   struct{ Digest string }
		}
		if err := lines.Decode(&line); errors.Is(err, io.EOF) {
			return digest, nil
		} else if err != nil {
			return "", fmt.Errorf("read progress: %w", err)
		}
		if line.Error != "" {
			return "", errors.New(line.Error)
		}
		if line.Aux.Digest != "" {
			digest = line.Aux.Digest
		}
	}
}

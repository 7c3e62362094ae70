package docker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"testing"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"

	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/engine/docker"
	"github.com/hearth-faas/hearth/worker/engine/enginetest"
)

// fixture is what all tests share; TestMain makes it.
type fixture struct {
	client *client.Client
	// run makes the names of this run differ from those of others.
	run     string
	network string
	image   string // the test server
	exposed string // the same, with a port in its metadata
	broken  string // its program does not exist
}

var shared fixture

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	ctx := context.Background()
	shared.run = strconv.Itoa(os.Getpid()) + "-" + strconv.FormatInt(time.Now().UnixNano(), 36)
	shared.network = "hearth-test-" + shared.run
	if shared.client, err = client.NewClientWithOpts(client.WithAPIVersionNegotiation()); err != nil {
		return 1, err
	}
	if err := makeImages(ctx); err != nil {
		return 1, err
	}
	code = m.Run()
	for _, name := range []string{shared.image, shared.exposed, shared.broken} {
		if _, rmErr := shared.client.ImageRemove(ctx, name, image.RemoveOptions{Force: true}); rmErr != nil {
			err = errors.Join(err, rmErr)
		}
	}
	return code, errors.Join(err, removeNetwork(ctx))
}

// removeNetwork tolerates that no test has made it.
func removeNetwork(ctx context.Context) error {
	if err := shared.client.NetworkRemove(ctx, shared.network); err != nil && !cerrdefs.IsNotFound(err) {
		return err
	}
	return nil
}

func makeImages(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "hearth")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program, err := enginetest.Build(dir)
	if err != nil {
		return err
	}
	layer, err := enginetest.Layer(program)
	if err != nil {
		return err
	}
	entry := `ENTRYPOINT ["/` + enginetest.ServerName + `"]`
	shared.image, err = importImage(ctx, "server", layer, entry)
	if err != nil {
		return err
	}
	shared.exposed, err = importImage(ctx, "exposed", layer, entry, "EXPOSE 8080")
	if err != nil {
		return err
	}
	shared.broken, err = importImage(ctx, "broken", layer, `ENTRYPOINT ["/no/such/program"]`)
	return err
}

func importImage(ctx context.Context, name string, layer []byte, changes ...string) (string, error) {
	full := "hearth-test/" + name + ":" + shared.run
	source := image.ImportSource{Source: bytes.NewReader(layer), SourceName: "-"}
	progress, err := shared.client.ImageImport(ctx, source, "hearth-test/"+name, image.ImportOptions{Tag: shared.run, Changes: changes})
	if err != nil {
		return "", err
	}
	defer progress.Close()
	_, err = io.Copy(io.Discard, progress)
	return full, err
}

// setup returns an engine whose loops run, and whose containers are gone after
// the test. change may be nil.
func setup(t testing.TB, change func(*docker.Options)) *docker.Docker {
	t.Helper()
	dir, err := os.MkdirTemp("", "hearth")
	if err != nil {
		t.Fatal(err)
	}
	options := docker.Options{
		Deployment: t.Name() + "-" + shared.run, Worker: "one", Boot: "first",
		Dir: dir, Network: shared.network,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	if change != nil {
		change(&options)
	}
	d, err := docker.New(t.Context(), options)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		if err := d.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		for _, c := range containers(t, options.Deployment) {
			t.Errorf("container left behind: %s %v", c.ID, c.Labels)
			_ = shared.client.ContainerRemove(context.Background(), c.ID, container.RemoveOptions{Force: true})
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			t.Errorf("socket folders left behind: %v %v", entries, err)
		}
		_ = os.RemoveAll(dir)
	})
	return d
}

// containers returns all containers of a deployment, sandboxes too.
func containers(t testing.TB, deployment string) []container.Summary {
	t.Helper()
	all, err := shared.client.ContainerList(context.Background(), container.ListOptions{
		All:     true,
		Filters: filters.NewArgs(filters.Arg("label", engine.LabelDeployment+"="+deployment)),
	})
	if err != nil {
		t.Errorf("list containers: %v", err)
	}
	return all
}

func inspect(t *testing.T, id string) container.InspectResponse {
	t.Helper()
	all, err := shared.client.ContainerInspect(t.Context(), id)
	if err != nil {
		t.Fatalf("inspect container: %v", err)
	}
	return all
}

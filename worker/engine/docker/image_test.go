package docker_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/docker/docker/api/types/registry"
	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/engine/docker"
	"github.com/hearth-faas/hearth/worker/engine/enginetest"
)

// TestPullPolicy lets each create fail in the end: what counts is whether the
// image was pulled before.
func TestPullPolicy(t *testing.T) {
	t.Parallel()
	const digest = "@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	cases := []struct {
		name      string
		image     string
		refresh   bool
		here      bool
		pullFails bool
		pulls     int
		imageErr  bool
	}{
		{"an image that is here is not pulled", "a/b:1", false, true, false, 0, false},
		{"an image that is here is not pulled, whatever its tag", "a/b", false, true, false, 0, false},
		{"an absent image is pulled", "a/b:1", false, false, false, 1, true}, // and is absent still
		{"an absent image that cannot be pulled", "a/b:1", false, false, true, 1, true},
		{"refresh pulls an untagged image", "a/b", true, true, false, 1, false},
		{"refresh pulls latest", "a/b:latest", true, true, false, 1, false},
		{"refresh pulls a tagged image", "a/b:1", true, true, false, 1, false},
		{"refresh must pull an untagged image", "a/b", true, true, true, 1, true},
		{"refresh must pull latest", "a/b:latest", true, true, true, 1, true},
		{"refresh forgives a tagged image that is here", "a/b:1", true, true, true, 1, false},
		{"refresh must pull a tagged image that is absent", "a/b:1", true, false, true, 1, true},
		{"refresh leaves a digest that is here", "a/b" + digest, true, true, true, 0, false},
		{"a name that is none", "A B", true, false, true, 0, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newDaemon(t, "1.41")
			f.on("POST /images/create", func(w http.ResponseWriter, r *http.Request) {
				if c.pullFails {
					reply(http.StatusOK, map[string]string{"error": "registry says no"})(w, r)
				}
			})
			if c.here {
				f.on("GET /images/"+c.image+"/json", reply(http.StatusOK, map[string]string{"Id": "i"}))
				f.on("POST /containers/create", reply(http.StatusInternalServerError, map[string]string{"message": "enough"}))
			}
			var told []bool
			_, err := f.engine(t).Create(t.Context(), engine.Spec{
				Image: c.image, Refresh: c.refresh, Memory: 64,
				Pulling: func(waits bool) { told = append(told, waits) },
			})
			if c.pulls > 0 && !slices.Equal(told, []bool{true, false}) {
				t.Errorf("told of pulls: %v, want of one that began and ended", told)
			}
			if err == nil || errors.Is(err, engine.ErrImage) != c.imageErr {
				t.Errorf("Create = %v, want ErrImage: %t", err, c.imageErr)
			}
			if got := f.count("/images/create"); got != c.pulls {
				t.Errorf("%d pulls, want %d", got, c.pulls)
			}
		})
	}
}

// All who want one image wait for one pull, those who give up too, and those
// who want another do not wait at all.
func TestOnePullForAll(t *testing.T) {
	t.Parallel()
	f := newDaemon(t, "1.41")
	finish := make(chan struct{})
	f.on("POST /images/create", func(http.ResponseWriter, *http.Request) { <-finish })
	f.on("GET /images/other:1/json", reply(http.StatusOK, map[string]string{"Id": "i"}))
	d := f.engine(t)
	create := func(ctx context.Context) error {
		_, err := d.Create(ctx, engine.Spec{Image: "slow:1", Memory: 64})
		return err
	}

	ctx, cancel := context.WithCancel(t.Context())
	quitter := make(chan error)
	go func() { quitter <- create(ctx) }()
	enginetest.Await(t, "the pull", func() bool { return f.count("/images/create") == 1 })
	cancel()
	if err := <-quitter; !errors.Is(err, context.Canceled) {
		t.Errorf("Create = %v, want a cancelled context", err)
	}

	var others sync.WaitGroup
	for range 10 { // more than may create at once
		others.Go(func() {
			if err := create(t.Context()); !errors.Is(err, engine.ErrImage) {
				t.Errorf("Create = %v, want ErrImage", err)
			}
		})
	}
	enginetest.Await(t, "the others to find no image", func() bool { return f.count("/images/slow:1/json") >= 11 })
	if _, err := d.Create(t.Context(), engine.Spec{Image: "other:1", Memory: 64}); err == nil || errors.Is(err, engine.ErrImage) {
		t.Errorf("Create of another image = %v, want the fake daemon's refusal", err)
	}
	if got := f.count("/images/create"); got != 1 {
		t.Errorf("%d pulls, want 1", got)
	}
	close(finish)
	others.Wait()
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.json")
	config := `{"auths": {
		"registry.example:5000": {"auth": "` + base64.StdEncoding.EncodeToString([]byte("ann:pass:word")) + `"},
		"https://index.docker.io/v1/": {"username": "bob", "password": "secret"},
		"https://token.example/v2/": {"identitytoken": "long"},
		"bad.example": {"auth": "!"}}}`
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, image string
		want        *registry.AuthConfig
	}{
		{"name and password, encoded", "registry.example:5000/a:1", &registry.AuthConfig{Username: "ann", Password: "pass:word", ServerAddress: "registry.example:5000"}},
		{"the default registry", "library/a:1", &registry.AuthConfig{Username: "bob", Password: "secret", ServerAddress: "https://index.docker.io/v1/"}},
		{"a token", "token.example/a:1", &registry.AuthConfig{IdentityToken: "long", ServerAddress: "https://token.example/v2/"}},
		{"a registry without login", "other.example/a:1", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newDaemon(t, "1.41")
			sent := make(chan string, 1)
			f.on("POST /images/create", func(_ http.ResponseWriter, r *http.Request) { sent <- r.Header.Get(registry.AuthHeader) })
			options := f.options(t)
			options.Credentials = path
			d, err := docker.New(t.Context(), options)
			if err != nil {
				t.Fatalf("New: %v", err)
			}
			if _, err := d.Create(t.Context(), engine.Spec{Image: c.image, Memory: 64}); !errors.Is(err, engine.ErrImage) {
				t.Errorf("Create = %v, want ErrImage", err)
			}
			if diff := cmp.Diff(decode(t, <-sent), c.want); diff != "" {
				t.Errorf("credentials (-got +want):\n%s", diff)
			}
		})
	}
	t.Run("nok, a login that cannot be read", func(t *testing.T) {
		t.Parallel()
		f := newDaemon(t, "1.41")
		options := f.options(t)
		options.Credentials = path
		d, err := docker.New(t.Context(), options)
		if err != nil {
			t.Fatalf("New: %v", err)
		}
		if _, err := d.Create(t.Context(), engine.Spec{Image: "bad.example/a:1", Memory: 64}); !errors.Is(err, engine.ErrImage) {
			t.Errorf("Create = %v, want ErrImage", err)
		}
		if f.count("/images/create") != 0 {
			t.Error("pulled without the login")
		}
	})
}

func decode(t *testing.T, header string) *registry.AuthConfig {
	t.Helper()
	if header == "" {
		return nil
	}
	text, err := base64.URLEncoding.DecodeString(header)
	if err != nil {
		t.Fatalf("credentials %q: %v", header, err)
	}
	auth := new(registry.AuthConfig)
	if err := json.Unmarshal(text, auth); err != nil {
		t.Fatalf("credentials %q: %v", text, err)
	}
	return auth
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func TestUnknownVariablesAreRefused(t *testing.T) {
	t.Parallel()
	got := start(t, []string{"HEARTH_LOGLEVEL=debug", "HOME=/nowhere"}, "", "version")
	if got.Code != exitUsage || !strings.Contains(got.Stderr, "HEARTH_LOGLEVEL") {
		t.Errorf("got %+v, want the variable refused", got)
	}
	got = start(t, []string{"HEARTH_LOG_LEVEL=debug", "HOME=/nowhere", "OTHER=1"}, "", "version")
	if got.Code != exitOK {
		t.Errorf("got %+v, want a known variable accepted", got)
	}
}

func TestDockerIsWhereDockersOwnVariableSays(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, want string
		env        []string
	}{
		{"no variable", "", nil},
		{"the variable of Docker's programs", "unix:///a.sock", []string{"DOCKER_HOST=unix:///a.sock"}},
		{"our own comes before it", "unix:///b.sock", []string{"DOCKER_HOST=unix:///a.sock", "HEARTH_DOCKER_HOST=unix:///b.sock"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var settings workerSettings
			app, err := kong.New(&settings, kong.Resolvers(readEnvironment(test.env)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := app.Parse(nil); err != nil {
				t.Fatal(err)
			}
			if settings.DockerHost != test.want {
				t.Errorf("got %q, want %q", settings.DockerHost, test.want)
			}
		})
	}
}

func TestWhereUserCommandsFindThePlatform(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		// files are property files by the folder they are in: home, other, data.
		files map[string]string
		env   []string
		args  []string
		want  string // the name of the platform that was asked, or of nobody
	}{
		{"flags come first", map[string]string{"home": "b"}, nil, []string{"--apihost", "$a", "--auth", "i:s"}, "a"},
		{"variables stand for flags", map[string]string{"home": "b"}, []string{"HEARTH_APIHOST=$a", "HEARTH_AUTH=i:s"}, nil, "a"},
		{"a flag comes before its variable", nil, []string{"HEARTH_APIHOST=$a", "HEARTH_AUTH=i:s"}, []string{"--apihost", "$b"}, "b"},
		{"a named file", map[string]string{"home": "b", "other": "a"}, []string{"WSK_CONFIG_FILE=$other/.wskprops"}, nil, "a"},
		{"the file in the home folder", map[string]string{"home": "a", "data": "b"}, []string{"HEARTH_DATA=$data"}, nil, "a"},
		{"the file of hearth up", map[string]string{"data": "a"}, []string{"HEARTH_DATA=$data"}, nil, "a"},
		{"a named file that is not there", map[string]string{"home": "a"}, []string{"WSK_CONFIG_FILE=$other/.wskprops"}, nil, ""},
		{"nothing at all", nil, nil, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			list := map[string]answer{"GET /api/v1/namespaces/_/actions": {200, "[]"}}
			platforms := map[string]*platform{"a": newPlatform(t, list), "b": newPlatform(t, list)}
			dirs := map[string]string{"home": t.TempDir(), "other": t.TempDir(), "data": t.TempDir()}
			for dir, name := range test.files {
				file := ".wskprops"
				if dir == "data" {
					file = propertyFile
				}
				text := "# comment\nAPIHOST=" + platforms[name].URL + "\nAUTH=i:s\n"
				if err := os.WriteFile(filepath.Join(dirs[dir], file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			fill := strings.NewReplacer("$a", platforms["a"].URL, "$b", platforms["b"].URL, "$other", dirs["other"], "$data", dirs["data"])
			env := []string{"HOME=" + dirs["home"]}
			for _, v := range test.env {
				env = append(env, fill.Replace(v))
			}
			args := []string{"action", "list"}
			for _, v := range test.args {
				args = append(args, fill.Replace(v))
			}
			got := start(t, env, "", args...)
			if (got.Code == exitOK) != (test.want != "") {
				t.Errorf("got %+v", got)
			}
			for name, p := range platforms {
				if (len(p.asked) == 1) != (name == test.want) {
					t.Errorf("platform %s was asked %q, want %q to be", name, p.asked, test.want)
				}
			}
		})
	}
}

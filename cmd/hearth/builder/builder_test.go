package builder_test

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/cmd/hearth/builder"
)

// write makes a folder of files, by their paths.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[name]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// list returns the paths of all files below a folder.
func list(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"template/node/Dockerfile":     "FROM mine",
		"template/cobol/template.yml":  "handler_folder: src\nwelcome_message: hello\n",
		"template/cobol/src/a.cob":     "example",
		"template/broken/template.yml": "handler_folder: ../..\n",
	})
	if d := cmp.Diff(builder.Languages(dir), []string{"bash", "broken", "cobol", "dockerfile", "go", "java", "node", "python"}); d != "" {
		t.Error(d)
	}
	own, err := builder.FindTemplate(dir, "node")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := fs.ReadFile(own.Files, "Dockerfile"); string(text) != "FROM mine" || err != nil {
		t.Errorf("the folder's own template does not win: %q, %v", text, err)
	}
	if cobol, err := builder.FindTemplate(dir, "cobol"); err != nil || cobol.Handler != "src" || cobol.Welcome != "hello" {
		t.Errorf("got %+v, %v", cobol, err)
	}
	for _, name := range []string{"", ".", "..", "../template/cobol", "fortran", "broken"} {
		if _, err := builder.FindTemplate(dir, name); err == nil {
			t.Errorf("there is a template %q", name)
		}
	}
}

func TestBeginAndAssemble(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	node, err := builder.FindTemplate(dir, "node")
	if err != nil {
		t.Fatal(err)
	}
	if err := builder.Begin(node, filepath.Join(dir, "f")); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(list(t, filepath.Join(dir, "f")), []string{"handler.js", "package.json"}); d != "" {
		t.Error(d)
	}
	if err := builder.Begin(node, filepath.Join(dir, "f")); err == nil {
		t.Error("a function was begun twice")
	}
	write(t, dir, map[string]string{"f/handler.js": "mine", "f/lib/build/x.js": "x", "f/.git/HEAD": "", "build/f/old": "of the last build"})
	if err := os.Symlink("lib/build/x.js", filepath.Join(dir, "f", "link.js")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "f", "package.json")); err != nil {
		t.Fatal(err)
	}
	folder, err := builder.Assemble(dir, "f", node, "./f")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Dockerfile", "function/handler.js", "function/lib/build/x.js", "function/link.js", "index.js", "template.yml"}
	if d := cmp.Diff(list(t, folder), want); d != "" || folder != filepath.Join(dir, "build", "f") {
		t.Errorf("%s: got, want:\n%s", folder, d)
	}
	if text, err := os.ReadFile(filepath.Join(folder, "function", "handler.js")); string(text) != "mine" || err != nil {
		t.Errorf("the handler is %q, %v", text, err)
	}
	if info, err := os.Stat(filepath.Join(folder, "function", "handler.js")); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("not everybody can read the handler: %v, %v", info.Mode(), err)
	}
	if _, err := builder.Assemble(dir, "f", node, "nowhere"); err == nil {
		t.Error("a function without a folder was assembled")
	}
	// A function can be the folder that all is built in.
	folder, err = builder.Assemble(filepath.Join(dir, "f"), "g", node, ".")
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(list(t, folder), func(name string) bool { return strings.HasPrefix(name, "function/build") }) {
		t.Errorf("a build is a part of itself: %v", list(t, folder))
	}
	bare, err := builder.FindTemplate(dir, "dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	if folder, err := builder.Assemble(dir, "f", bare, "f"); err != nil || folder != filepath.Join(dir, "f") {
		t.Errorf("without a language: got %s, %v", folder, err)
	}
}

// Real Docker builds what is there, without what .dockerignore names.
func TestBuild(t *testing.T) {
	t.Parallel()
	docker, err := builder.New(os.Getenv("DOCKER_HOST"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = docker.Close() })
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"Dockerfile":    "FROM scratch\nARG WORD=none\nLABEL word=$WORD\nCOPY . /\n",
		".dockerignore": "*.log\nDockerfile\nsecret/*\n!secret/not\n",
		"a.log":         "", "b": "", "secret/key": "", "secret/not": "",
	})
	image := "hearth-buildertest-" + strings.ToLower(filepath.Base(filepath.Dir(dir)))
	t.Cleanup(func() { _ = exec.Command("docker", "rmi", "--force", image).Run() })
	var progress bytes.Buffer
	order := builder.Order{Folder: dir, Image: image + ":v1", Args: map[string]string{"WORD": "given"}}
	if err := docker.Build(t.Context(), order, &progress); err != nil {
		t.Fatalf("%v: %s", err, progress.String())
	}
	t.Cleanup(func() { _ = exec.Command("docker", "rmi", "--force", image+":v1").Run() })
	if !strings.Contains(progress.String(), "Step 4/4 : COPY . /") {
		t.Errorf("progress is %s", progress.String())
	}
	label, err := exec.Command("docker", "inspect", "--format", "{{.Config.Labels.word}}", image+":v1").CombinedOutput()
	if strings.TrimSpace(string(label)) != "given" || err != nil {
		t.Errorf("the build argument is %s, %v", label, err)
	}
	out, err := exec.Command("sh", "-c", "id=$(docker create "+image+":v1 x) && docker export $id | tar t && docker rm $id >/dev/null").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, in := range map[string]bool{"b": true, "secret/not": true, "a.log": false, "secret/key": false} {
		if got := slices.Contains(strings.Fields(string(out)), name); got != in {
			t.Errorf("%s is in the image: %v", name, got)
		}
	}
}

func TestBuildSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	docker, err := builder.New(os.Getenv("DOCKER_HOST"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = docker.Close() })
	for name, c := range map[string]struct{ dockerfile, want string }{
		"no Dockerfile": {"", "look for a Dockerfile"},
		"a step that cannot be": {
			"FROM scratch\nCOPY nowhere /\n", "nowhere",
		},
		"a base that is not here": {
			"FROM scratch AS a\nFROM a\nFROM 127.0.0.1:1/hearth/none:7 AS b\n", "(not on this machine: 127.0.0.1:1/hearth/none:7)",
		},
	} {
		dir := t.TempDir()
		if c.dockerfile != "" {
			write(t, dir, map[string]string{"Dockerfile": c.dockerfile})
		}
		err := docker.Build(t.Context(), builder.Order{Folder: dir, Image: "hearth-buildertest-bad"}, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

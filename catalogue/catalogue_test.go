package catalogue_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/catalogue"
	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

// digests are those of each version, from 1: what is released does not change.
func digests() []string {
	return []string{"78c5ce0dbc1b0f1e", "6725440f3c23de6a", "d160b1148ddeea9e"}
}

func packages(t *testing.T) []catalogue.Package {
	t.Helper()
	list, err := catalogue.Packages()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestAChangeRaisesTheVersion fails when the catalogue was changed: raise
// Version, and add the new digest.
func TestAChangeRaisesTheVersion(t *testing.T) {
	t.Parallel()
	sum := sha256.New()
	text, err := os.ReadFile("catalogue.json")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = sum.Write(text)
	for _, pkg := range packages(t) {
		for _, action := range pkg.Actions {
			_, _ = io.WriteString(sum, pkg.Name+"/"+action.Name+"\n")
			_, _ = sum.Write(action.Code)
		}
	}
	known := digests()
	if len(known) != catalogue.Version {
		t.Fatalf("%d digests of version %d", len(known), catalogue.Version)
	}
	if got, want := hex.EncodeToString(sum.Sum(nil))[:16], known[len(known)-1]; got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

// TestEveryFileIsListed finds code that no entry installs.
func TestEveryFileIsListed(t *testing.T) {
	t.Parallel()
	found, err := filepath.Glob("*/*.js")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, pkg := range packages(t) {
		for _, action := range pkg.Actions {
			listed = append(listed, action.File)
		}
	}
	slices.Sort(listed)
	listed = slices.Compact(listed)
	if diff := cmp.Diff(found, listed); diff != "" {
		t.Errorf("-files +listed:\n%s", diff)
	}
}

// run calls every action with its sample input, and prints the results under
// their names as JSON.
const run = `
let text = '';
process.stdin.on('data', (part) => { text += part; }).on('end', async () => {
  const results = {};
  console.log = () => {};
  for (const { name, code, input } of JSON.parse(text)) {
    results[name] = await new Function(code + '; return main;')()(input);
  }
  process.stdout.write(JSON.stringify(results));
});`

// TestActionsDoWhatTheirSamplesSay runs all of them in Node.js.
func TestActionsDoWhatTheirSamplesSay(t *testing.T) {
	t.Parallel()
	type call struct {
		Name  string    `json:"name"`
		Code  string    `json:"code"`
		Input core.JSON `json:"input"`
	}
	var calls []call
	want := map[string]any{}
	for _, pkg := range packages(t) {
		for _, action := range pkg.Actions {
			if action.Feed { // these act on a platform
				continue
			}
			input := action.SampleInput
			if input == nil {
				input = core.JSON("{}")
			}
			name := pkg.Name + "/" + action.Name
			calls = append(calls, call{name, string(action.Code), input})
			var output any
			if err := json.Unmarshal(action.SampleOutput, &output); err != nil {
				t.Fatalf("%s: sample output: %v", name, err)
			}
			want[name] = output
		}
	}
	stdin, err := json.Marshal(calls)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "-e", run)
	cmd.Env = append(os.Environ(), "__OW_NAMESPACE=guest", "__OW_API_HOST=https://hearth.example")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(stdin), t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	got := map[string]any{}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	// A clock is not a sample.
	date, _ := got["utils/date"].(map[string]any)
	text, _ := date["date"].(string)
	if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
		t.Errorf("date: %v", err)
	}
	delete(got, "utils/date")
	delete(want, "utils/date")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestInstallIsDoneOnceAndForEverybody(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := store.New(storetest.Redis(t))
	plane := control.New(db, nil, slog.New(slog.DiscardHandler), control.Options{})
	if _, err := db.CreateNamespace(ctx, "guest"); err != nil {
		t.Fatal(err)
	}
	install := func() {
		t.Helper()
		if err := catalogue.Install(ctx, db, plane, "nodejs:24"); err != nil {
			t.Fatal(err)
		}
	}
	install()
	guest, err := db.Owner(ctx, "guest")
	if err != nil {
		t.Fatal(err)
	}
	shared, err := plane.Packages(ctx, guest, catalogue.Namespace, control.Page{})
	if err != nil || len(shared) != len(packages(t)) {
		t.Fatalf("the guest sees %d packages, %v", len(shared), err)
	}
	echo := core.Name{Namespace: catalogue.Namespace, Package: "utils", Name: "echo"}
	first, err := plane.Resolve(ctx, guest, echo)
	if err != nil {
		t.Fatal(err)
	}
	if got := first.Action.Annotations.String("description"); got != "Returns the input arguments, unchanged" {
		t.Errorf("description %q", got)
	}
	if _, err := plane.DeleteAction(ctx, guest, echo); core.KindOf(err) != core.KindForbidden {
		t.Errorf("the guest may delete it: %v", err)
	}
	install()
	second, err := plane.Resolve(ctx, guest, echo)
	if err != nil || second.Action.Revision != first.Action.Revision {
		t.Errorf("installed again: %v", err)
	}
	// An interrupted or older one is written over.
	if err := db.SetCatalogueVersion(ctx, 0); err != nil {
		t.Fatal(err)
	}
	install()
	third, err := plane.Resolve(ctx, guest, echo)
	if err != nil || third.Action.Revision == first.Action.Revision {
		t.Errorf("not installed over an older one: %v", err)
	}
	// What the operator deletes stays away.
	if err := db.DeleteNamespace(ctx, catalogue.Namespace); err != nil {
		t.Fatal(err)
	}
	install()
	if _, err := db.Owner(ctx, catalogue.Namespace); core.KindOf(err) != core.KindNotFound {
		t.Errorf("installed after it was deleted: %v", err)
	}
}

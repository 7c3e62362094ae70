package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// TestTheSecurityTableIsProved checks that each line of the table about
// containers names a test, and that the tests and rows that it names exist.
func TestTheSecurityTableIsProved(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(platform.Root(), "docs", "security.md"))
	ok(t, err)
	tests := sources(t, "e2e", "worker/engine/docker")
	_, table, _ := strings.Cut(string(text), "| Proved by |\n|---|---|---|---|\n")
	table, _, found := strings.Cut(table, "\n\n")
	if !found || strings.Count(table, "\n") < 20 {
		t.Fatalf("found this of the table:\n%s", table)
	}
	name, row := regexp.MustCompile("`(Test\\w+)`"), regexp.MustCompile(`"([^"]+)"`)
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(line, "|\n "), "|")
		proof := cells[len(cells)-1]
		named := name.FindAllStringSubmatch(proof, -1)
		if len(cells) != 4 || len(named) == 0 {
			t.Errorf("a line without a test: %s", line)
		}
		for _, n := range named {
			if !strings.Contains(tests, "func "+n[1]+"(t *testing.T)") {
				t.Errorf("no test is called %s", n[1])
			}
		}
		for _, r := range row.FindAllStringSubmatch(proof, -1) {
			if !strings.Contains(tests, `"`+r[1]+`"`) {
				t.Errorf("no row is called %q", r[1])
			}
		}
	}
}

// sources is the text of all tests in some packages.
func sources(t *testing.T, packages ...string) string {
	t.Helper()
	var all strings.Builder
	for _, p := range packages {
		files, err := filepath.Glob(filepath.Join(platform.Root(), p, "*_test.go"))
		ok(t, err)
		for _, f := range files {
			b, err := os.ReadFile(f)
			ok(t, err)
			all.Write(b)
		}
	}
	return all.String()
}

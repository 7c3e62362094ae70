package whisk_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/worker/protocol/whisk"
)

const (
	end   = whisk.Sentinel + "\n"
	roomy = 10 << 20
)

var form = regexp.MustCompile(`\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (stdout|stderr): (?s:.*)\z`)

// texts checks the form of the lines and returns them without their times.
func texts(t *testing.T, lines []string) []string {
	t.Helper()
	var out []string
	for _, l := range lines {
		if !form.MatchString(l) {
			t.Errorf("line of another form: %q", l)
			continue
		}
		out = append(out, l[31:])
	}
	return out
}

func TestLinesOfAnActivation(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		stdout, stderr []string // writes
		exits          bool
		want           []string
	}{
		"lines, in order":            {[]string{"a\nb\n", end}, []string{end}, false, []string{"stdout: a", "stdout: b"}},
		"lines in pieces":            {[]string{"a", "b\nc", "\n", end}, []string{end}, false, []string{"stdout: ab", "stdout: c"}},
		"both streams":               {[]string{"a\n", end}, []string{"b\n", end}, false, []string{"stdout: a", "stderr: b"}},
		"empty lines":                {[]string{"\n\n", end}, []string{end}, false, []string{"stdout: ", "stdout: "}},
		"nothing":                    {[]string{end}, []string{end}, false, nil},
		"sentinel in pieces":         {[]string{"a\n" + end[:7], end[7:20], end[20:]}, []string{end}, false, []string{"stdout: a"}},
		"sentinel after an open end": {[]string{"a", end}, []string{"b" + end}, false, []string{"stdout: a", "stderr: b"}},
		"sentinel within a line":     {[]string{whisk.Sentinel + "?\n", end}, []string{end}, false, []string{"stdout: " + whisk.Sentinel + "?"}},
		"not UTF-8":                  {[]string{"a\xffb\n", end}, []string{end}, false, []string{"stdout: a\uFFFDb"}},
		"exit with an open end":      {[]string{"a\nb"}, []string{"c"}, true, []string{"stdout: a", "stdout: b", "stderr: c"}},
		"exit after one sentinel":    {[]string{"a\n", end}, []string{"b\n"}, true, []string{"stdout: a", "stderr: b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := whisk.NewLogs()
			c := l.Begin("", roomy)
			for _, s := range tt.stdout {
				io.WriteString(l.Stdout(), s)
			}
			for _, s := range tt.stderr {
				io.WriteString(l.Stderr(), s)
			}
			if tt.exits {
				l.Close()
			}
			if !c.Wait(t.Context()) {
				t.Error("the logs are not complete")
			}
			if diff := cmp.Diff(tt.want, texts(t, c.End())); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
			l.Close()
			l.Close()
		})
	}
}

func TestEachActivationGetsItsOwnLines(t *testing.T) {
	t.Parallel()
	l := whisk.NewLogs()
	io.WriteString(l.Stdout(), "before any\n")
	for i := range 3 {
		c := l.Begin("", roomy)
		fmt.Fprintf(l.Stdout(), "run %d\n%s", i, end)
		fmt.Fprint(l.Stderr(), end)
		if !c.Wait(t.Context()) {
			t.Error("the logs are not complete")
		}
		want := []string{fmt.Sprintf("stdout: run %d", i)}
		if diff := cmp.Diff(want, texts(t, c.End())); diff != "" {
			t.Errorf("run %d (-want +got):\n%s", i, diff)
		}
		io.WriteString(l.Stdout(), "between\n")
	}
}

func TestLogsWithoutSentinelAreIncomplete(t *testing.T) {
	t.Parallel()
	l := whisk.NewLogs()
	c := l.Begin("", roomy)
	io.WriteString(l.Stdout(), "a\n"+end)
	io.WriteString(l.Stderr(), "unfinished")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if c.Wait(ctx) {
		t.Error("complete without the sentinel on stderr")
	}
	if diff := cmp.Diff([]string{"stdout: a", "stderr: unfinished"}, texts(t, c.End())); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestActivationsThatShareAContainer(t *testing.T) {
	t.Parallel()
	l := whisk.NewLogs()
	a := l.Begin("", roomy)
	io.WriteString(l.Stdout(), "one\n")
	b := l.Begin("", roomy)
	io.WriteString(l.Stdout(), "two\n"+end)
	io.WriteString(l.Stderr(), end)
	if !a.Wait(t.Context()) {
		t.Error("the first pair of sentinels does not close the first activation")
	}
	first := texts(t, a.End())
	io.WriteString(l.Stdout(), end)
	io.WriteString(l.Stderr(), end)
	if !b.Wait(t.Context()) {
		t.Error("the second pair of sentinels does not close the second activation")
	}
	if diff := cmp.Diff([][]string{{"stdout: one"}, {"stdout: two"}}, [][]string{first, texts(t, b.End())}); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestTheLimitCutsAndSaysSo(t *testing.T) {
	t.Parallel()
	const marker = "stderr: Logs were truncated because the total bytes size exceeds the limit of %d bytes."
	for name, tt := range map[string]struct {
		limit int
		print string
		want  []string
	}{
		"all fits exactly":       {2 * (40 - 1 + 3), "abc\ndef\n", []string{"stdout: abc", "stdout: def"}},
		"a line is cut":          {39 + 4, "abcdefgh\nnever\n", []string{"stdout: abcd", fmt.Sprintf(marker, 43)}},
		"no half of a character": {39 + 2, "aéé\n", []string{"stdout: a", fmt.Sprintf(marker, 41)}},
		"a line has no room":     {45, "abc\ndef\n", []string{"stdout: abc", fmt.Sprintf(marker, 45)}},
		"a line without end":     {39 + 4, strings.Repeat("x", 1000), []string{"stdout: xxxx", fmt.Sprintf(marker, 43)}},
		"none are to be kept":    {0, "abc\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := whisk.NewLogs()
			c := l.Begin("", tt.limit)
			for _, b := range []byte(tt.print) { // the hardest way to get it
				l.Stdout().Write([]byte{b})
			}
			io.WriteString(l.Stdout(), end)
			io.WriteString(l.Stderr(), end)
			if !c.Wait(t.Context()) {
				t.Error("the sentinel was lost in what was cut off")
			}
			if diff := cmp.Diff(tt.want, texts(t, c.End())); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAFloodOfLogsIsHeldToTheLimit is not parallel: it looks at the heap.
func TestAFloodOfLogsIsHeldToTheLimit(t *testing.T) { //nolint:paralleltest // it looks at the heap
	for name, tt := range map[string]struct {
		chunk []byte
		size  int
	}{
		"200 MB of lines":          {bytes.Repeat([]byte(strings.Repeat("x", 99)+"\n"), 320), 200 << 20},
		"32 MB of empty lines":     {bytes.Repeat([]byte("\n"), 32<<10), 32 << 20},
		"200 MB of one great line": {bytes.Repeat([]byte("x"), 32<<10), 200 << 20},
	} {
		l := whisk.NewLogs()
		c := l.Begin("", roomy)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for range tt.size / len(tt.chunk) {
			l.Stdout().Write(tt.chunk)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 3*roomy {
			t.Errorf("%s: the heap grew by %d bytes, the limit is %d", name, grown, roomy)
		}
		io.WriteString(l.Stdout(), end)
		io.WriteString(l.Stderr(), end)
		if !c.Wait(t.Context()) {
			t.Errorf("%s: the sentinel was lost", name)
		}
		lines := c.End()
		size := 0
		for _, line := range lines[:len(lines)-1] {
			size += len(line)
		}
		if size > roomy || size < roomy-200 || !strings.Contains(lines[len(lines)-1], "Logs were truncated") {
			t.Errorf("%s: kept %d bytes and %q, want the limit and its mark", name, size, lines[len(lines)-1])
		}
	}
}

package whisk_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/worker/protocol/whisk"
)

func TestMarkedLinesGoToTheirActivation(t *testing.T) {
	t.Parallel()
	l := whisk.NewLogs()
	mark := l.Mark()
	if again := l.Mark(); again != mark || len(mark) < 20 || whisk.NewLogs().Mark() == mark {
		t.Errorf("marks %q and %q of one container", mark, again)
	}
	one, two := core.NewActivationID(), core.NewActivationID()
	a, b := l.Begin(one, roomy), l.Begin(two, roomy)
	say := func(w io.Writer, text string) { // in pieces
		text = strings.NewReplacer("M", mark, "ONE", string(one), "TWO", string(two)).Replace(text)
		io.WriteString(w, text[:len(text)/2])
		io.WriteString(w, text[len(text)/2:])
	}
	say(l.Stdout(), "M ONE first\nM TWO second\nM ONE \nunmarked\n")
	say(l.Stdout(), "unfinishedM ONE after it\n")
	say(l.Stdout(), "forged ONE x\n"+strings.ToLower(mark)+" ONE y\n")
	say(l.Stderr(), "M ONE third\nM TWO\n"+whisk.Sentinel+"\n")
	say(l.Stdout(), "M TWO\n"+whisk.Sentinel+"\n")
	if !b.Wait(t.Context()) {
		t.Error("the second is not closed by its marks")
	}
	if _, closed := a.EndIfClosed(roomy); closed {
		t.Error("the first is closed by the sentinels of the second")
	}
	say(l.Stdout(), "M ONE\n")
	say(l.Stderr(), "M ONE\n")
	want := [][]string{
		{"stdout: first", "stdout: ", "stdout: after it", "stderr: third"},
		{"stdout: second", "stdout: unmarked", "stdout: unfinished", "stdout: forged " + string(one) + " x",
			fmt.Sprintf("stdout: %s %s y", strings.ToLower(mark), one)},
	}
	got := [][]string{texts(t, a.End()), texts(t, b.End())}
	say(l.Stdout(), "M ONE late\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestALongMarkedLineIsCutWhereItsOwnActivationEnds(t *testing.T) {
	t.Parallel()
	l := whisk.NewLogs()
	one := core.NewActivationID()
	a := l.Begin(one, 1000)
	l.Begin(core.NewActivationID(), 0) // what is held does not depend on the last
	long := l.Mark() + " " + string(one) + " " + strings.Repeat("x", 900)
	io.WriteString(l.Stdout(), long[:100])
	io.WriteString(l.Stdout(), long[100:]+"\n")
	if got := texts(t, a.End()); len(got) != 1 || got[0] != "stdout: "+strings.Repeat("x", 900) {
		t.Errorf("got %q", got)
	}
}

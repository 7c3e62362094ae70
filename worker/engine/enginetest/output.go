package enginetest

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/worker/engine"
)

func testAnswers(t *testing.T, target Target) {
	b := Create(t, target, func(s *engine.Spec) { s.Env = map[string]string{"COLOUR": "blue = green"} })
	if got, want := b.Get(t, "/env?name=COLOUR"), "blue = green"; got != want {
		t.Errorf("COLOUR = %q, want %q", got, want)
	}
	if b.ID == "" || b.Network == "" || b.Address == "" {
		t.Errorf("container = %+v, want all fields", b.Container)
	}
}

func testFirstOutput(t *testing.T, target Target) {
	b := Create(t, target, func(s *engine.Spec) {
		s.Env = map[string]string{"PRINT_STDOUT": "first out", "PRINT_STDERR": "first err"}
	})
	Await(t, "output without a line's end", func() bool {
		stdout, stderr := b.Output.Text()
		return stdout == "first out" && stderr == "first err"
	})
	b.Get(t, "/print?stdout=%0Asecond%0A")
	Await(t, "output of a request", func() bool {
		stdout, _ := b.Output.Text()
		return stdout == "first out\nsecond\n"
	})
	if err := target.Engine.Remove(t.Context(), b.ID); err != nil {
		t.Errorf("Remove: %v", err)
	}
	b.Output.AwaitClose(t)
}

func testLastOutput(t *testing.T, target Target) {
	for round := range target.Rounds {
		b := Create(t, target, nil)
		out := strings.Repeat("o", 20_000) + fmt.Sprint("last out ", round)
		err := fmt.Sprint("last err ", round)
		path := "/exit?code=0&stdout=" + url.QueryEscape(out) + "&stderr=" + url.QueryEscape(err)
		if _, failure := b.TryGet(t.Context(), path); failure == nil {
			t.Fatal("the server answered, and should have exited")
		}
		b.Output.AwaitClose(t)
		stdout, stderr := b.Output.Text()
		if stdout != out || stderr != err {
			t.Fatalf("round %d: stdout has %d bytes, want %d; stderr = %q, want %q", round, len(stdout), len(out), stderr, err)
		}
		if failure := target.Engine.Remove(t.Context(), b.ID); failure != nil {
			t.Fatalf("Remove: %v", failure)
		}
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("full") }

func testFailingWriter(t *testing.T, target Target) {
	b := Create(t, target, func(s *engine.Spec) {
		s.Output.Stdout = failingWriter{}
		s.Output.Stderr = io.Discard
	})
	line := url.QueryEscape(strings.Repeat("x", 60_000))
	for range 100 { // more than any pipe on the way holds
		b.Get(t, "/print?stdout="+line)
	}
}

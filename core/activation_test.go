package core_test

import (
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/core"
)

func TestActivationIDs(t *testing.T) {
	t.Parallel()
	seen := map[core.ActivationID]bool{}
	for range 1000 {
		id := core.NewActivationID()
		if got, err := core.ParseActivationID(string(id)); err != nil || got != id || seen[id] {
			t.Fatalf("%s: got %s, %v", id, got, err)
		}
		seen[id] = true
	}
	for text, message := range map[string]string{
		"":                             "Activation id length is 0 but must be 32.",
		strings.Repeat("a", 31):        "Activation id length is 31 but must be 32.",
		strings.Repeat("a", 33):        "Activation id length is 33 but must be 32.",
		strings.Repeat("A", 32):        "The activation id is not valid.",
		strings.Repeat("g", 32):        "The activation id is not valid.",
		strings.Repeat("a", 31) + "\n": "The activation id is not valid.",
	} {
		_, err := core.ParseActivationID(text)
		invalid(t, err, message)
	}
}

func TestStatusesHaveOpenWhisksWords(t *testing.T) {
	t.Parallel()
	for status, want := range map[core.Status]string{
		0: "success", 1: "application error", 2: "action developer error", 3: "whisk internal error",
	} {
		if got := status.String(); got != want {
			t.Errorf("%d: got %q, want %q", status, got, want)
		}
	}
}

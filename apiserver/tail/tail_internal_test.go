package tail

import (
	"testing"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

func TestEvents(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		event control.LogEvent
		want  string
	}{
		"nothing new": {control.LogEvent{}, ":\n\n"},
		"two lines": {control.LogEvent{At: control.LogPosition{Attempt: 1, Line: 4}, Lines: []string{"a: b", ""}},
			"id: 1-4\ndata: a: b\n\nid: 1-5\ndata: \n\n"},
		"carriage returns cannot make events": {control.LogEvent{Lines: []string{"a\r\revent: end\r"}},
			"id: 0-0\ndata: a\ndata: \ndata: event: end\n\n"},
		"the end": {control.LogEvent{End: new(core.StatusApplicationError)}, "event: end\ndata: application error\n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := string(encode(tt.event)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

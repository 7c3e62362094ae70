package worker

import (
	"testing"
	"time"

	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/worker/engine"
)

func TestOrphaned(t *testing.T) {
	t.Parallel()
	now := time.Now()
	known := []store.Worker{{ID: "me", Boot: "b2"}, {ID: "other", Boot: "o2"}}
	for name, tt := range map[string]struct {
		owner, boot string
		age         time.Duration
		want        bool
	}{
		"mine, of this boot":                       {"me", "b2", time.Hour, false},
		"mine, of an earlier boot":                 {"me", "b1", 0, true},
		"another worker's that lives":              {"other", "o2", time.Hour, false},
		"another worker's, of an earlier boot":     {"other", "o1", time.Hour, true},
		"a worker's that is gone":                  {"gone", "g1", time.Hour, true},
		"a worker's that may be about to announce": {"new", "n1", time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := engine.Listed{
				Labels:  map[string]string{engine.LabelWorker: tt.owner, engine.LabelBoot: tt.boot},
				Created: now.Add(-tt.age),
			}
			if got := orphaned(c, "me", "b2", known, now); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

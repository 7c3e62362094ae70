package control

import (
	"testing"
	"time"

	"github.com/hearth-faas/hearth/core"
)

func TestScalingFollowsTheLoad(t *testing.T) {
	t.Parallel()
	const window = 10 * time.Second
	for _, c := range []struct {
		name     string
		labels   map[string]string
		replicas int
		perTick  []int // calls in each second
		inflight int
		want     int // after the last
	}{
		{"ten calls a second want two", nil, 1, repeat(10, 15), 0, 2},
		{"idle goes back to the least", nil, 2, append(repeat(10, 15), repeat(0, 40)...), 0, 1},
		{"a pause within the window takes nothing away", nil, 2, append(repeat(10, 15), repeat(0, 5)...), 0, 2},
		{"no more than the most", map[string]string{LabelScaleMax: "3"}, 1, repeat(1000, 15), 0, 3},
		{"a target of its own", map[string]string{LabelScaleTarget: "10", LabelScaleProportion: "1"}, 1, repeat(30, 15), 0, 3},
		{"by calls in flight", map[string]string{LabelScaleType: "capacity", LabelScaleTarget: "10"}, 1, repeat(1, 15), 27, 3},
		{"a factor of none", map[string]string{LabelScaleFactor: "0"}, 1, repeat(100, 15), 0, 1},
		{"least and most are equal", map[string]string{LabelScaleMin: "2", LabelScaleMax: "2"}, 2, repeat(100, 15), 0, 2},
		{"none stays none", nil, 0, repeat(100, 15), 0, 0},
		{"below the least by hand", map[string]string{LabelScaleMin: "3"}, 1, repeat(0, 15), 0, 1},
		{"idle goes to none", map[string]string{LabelScaleZero: "true", LabelScaleZeroDuration: "20s"}, 1, append(repeat(3, 5), repeat(0, 21)...), 0, 0},
		{"not idle for long enough", map[string]string{LabelScaleZero: "true", LabelScaleZeroDuration: "20s"}, 1, append(repeat(3, 5), repeat(0, 15)...), 0, 1},
		{"a call that lasts keeps it", map[string]string{LabelScaleZero: "true", LabelScaleZeroDuration: "20s"}, 1, repeat(0, 40), 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			now := time.Unix(1_700_000_000, 0)
			l := &load{busy: now}
			a := &core.Action{Function: &core.Function{Labels: c.labels}, Replicas: c.replicas}
			calls := 7
			a.Replicas = l.next(a, calls, c.inflight, now, window)
			for _, n := range c.perTick {
				now, calls = now.Add(time.Second), calls+n
				a.Replicas = l.next(a, calls, c.inflight, now, window)
			}
			if a.Replicas != c.want {
				t.Errorf("got %d replicas, want %d", a.Replicas, c.want)
			}
		})
	}
}

func TestAFunctionThatWasWokenIsNotIdle(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	l := &load{busy: now}
	a := &core.Action{Function: &core.Function{Labels: map[string]string{LabelScaleZero: "true", LabelScaleZeroDuration: "20s"}}}
	for range 60 {
		now = now.Add(time.Second)
		l.next(a, 7, 0, now, time.Minute)
	}
	a.Replicas = 1 // a call that is held has woken it
	if got := l.next(a, 7, 0, now.Add(time.Second), time.Minute); got != 1 {
		t.Errorf("got %d replicas", got)
	}
}

// repeat is n times v.
func repeat(v, n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = v
	}
	return all
}

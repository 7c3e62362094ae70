package control

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestRecentAnswersAreAskedForAgainWhenTheyAreOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRecent[string, int](time.Second, 10)
		asked := 0
		get := func() int {
			v, err := r.get("k", func() (int, error) { asked++; return asked, nil })
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		for range 2 {
			if get() != 1 {
				t.Error("a young answer was asked for again")
			}
		}
		time.Sleep(time.Second)
		if get() != 2 {
			t.Error("an old answer was given")
		}
	})
}

func TestRecentForgetsErrorsAndStaysSmall(t *testing.T) {
	t.Parallel()
	r := newRecent[int, int](time.Hour, 10)
	boom := errors.New("boom")
	if _, err := r.get(1, func() (int, error) { return 0, boom }); !errors.Is(err, boom) {
		t.Errorf("got %v, want boom", err)
	}
	for i := range 1000 {
		if v, err := r.get(i, func() (int, error) { return i, nil }); err != nil || v != i {
			t.Fatalf("got %d, %v, want %d", v, err, i)
		}
		if len(r.by) > 10 {
			t.Fatalf("it remembers %d answers, want at most 10", len(r.by))
		}
	}
}

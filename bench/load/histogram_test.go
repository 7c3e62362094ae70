package load_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hearth-faas/hearth/bench/load"
)

func TestHistogramIsEmptyAtFirst(t *testing.T) {
	t.Parallel()
	var h load.Histogram
	if h.Count() != 0 || h.Max() != 0 || h.Mean() != 0 || h.Quantile(0.5) != 0 {
		t.Errorf("empty histogram: count %d, max %v, mean %v, median %v", h.Count(), h.Max(), h.Mean(), h.Quantile(0.5))
	}
}

func TestHistogramQuantiles(t *testing.T) {
	t.Parallel()
	var h load.Histogram
	for i := range 1000 {
		h.Record(time.Duration(i+1) * time.Millisecond)
	}
	for _, c := range []struct {
		name string
		q    float64
		want time.Duration
	}{
		{"the least", 0, time.Millisecond},
		{"the median", 0.5, 500 * time.Millisecond},
		{"the 95th percentile", 0.95, 950 * time.Millisecond},
		{"the 99th percentile", 0.99, 990 * time.Millisecond},
		{"the greatest", 1, time.Second},
		{"below the range", -1, time.Millisecond},
		{"above the range", 2, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := h.Quantile(c.q)
			if got < c.want || float64(got) > float64(c.want)*1.01 {
				t.Errorf("quantile %v = %v, want %v and at most 1 %% more", c.q, got, c.want)
			}
		})
	}
	if want := 500500 * time.Microsecond; h.Mean() != want {
		t.Errorf("mean = %v, want %v", h.Mean(), want)
	}
	if h.Max() != time.Second {
		t.Errorf("max = %v, want 1s", h.Max())
	}
}

func TestHistogramCountsNegativeAsZero(t *testing.T) {
	t.Parallel()
	var h load.Histogram
	h.Record(-time.Second)
	if h.Count() != 1 || h.Quantile(1) != 0 {
		t.Errorf("count %d, quantile %v, want 1 and 0s", h.Count(), h.Quantile(1))
	}
}

// Any quantile of any values is at least the exact one and less than 1 %
// above it, whether the values were recorded in one histogram or in two.
func TestHistogramIsWithinOnePercent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(0, math.MaxInt64), 1, 50).Draw(t, "values")
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		cut := rapid.IntRange(0, len(values)).Draw(t, "cut")
		var h, other load.Histogram
		for i, v := range values {
			if i < cut {
				h.Record(time.Duration(v))
			} else {
				other.Record(time.Duration(v))
			}
		}
		h.Merge(&other)
		slices.Sort(values)
		rank := max(int(math.Ceil(q*float64(len(values)))), 1)
		want, got := values[rank-1], int64(h.Quantile(q))
		if got < want || float64(got-want) > float64(want)/100 {
			t.Fatalf("quantile %v of %v = %d, want %d", q, values, got, want)
		}
		if h.Count() != int64(len(values)) || int64(h.Max()) != values[len(values)-1] {
			t.Fatalf("count %d max %d of %v", h.Count(), h.Max(), values)
		}
	})
}

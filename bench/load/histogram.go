package load

import (
	"math"
	"math/bits"
	"time"
)

// subBuckets is how many buckets each power of two has: a value is known to
// within 1/128 of itself.
const subBuckets = 128

// Histogram counts durations in buckets that grow with them, from 1 ns to
// 292 years, in 60 KB. The zero value is empty and ready. It is not safe for
// concurrent use: give each worker its own and Merge them.
type Histogram struct {
	counts [57 * subBuckets]int64
	n      int64
	sum    float64 // ns
	max    time.Duration
}

// Record counts one duration; negative ones count as 0.
func (h *Histogram) Record(d time.Duration) {
	d = max(d, 0)
	h.counts[bucket(uint64(d))]++
	h.n++
	h.sum += float64(d)
	h.max = max(h.max, d)
}

// Merge adds what o has counted.
func (h *Histogram) Merge(o *Histogram) {
	for i, c := range o.counts {
		h.counts[i] += c
	}
	h.n += o.n
	h.sum += o.sum
	h.max = max(h.max, o.max)
}

// Count is how many durations were recorded.
func (h *Histogram) Count() int64 { return h.n }

// Max is the longest duration, 0 when there is none.
func (h *Histogram) Max() time.Duration { return h.max }

// Mean is the average duration, 0 when there is none.
func (h *Histogram) Mean() time.Duration {
	if h.n == 0 {
		return 0
	}
	return time.Duration(h.sum / float64(h.n))
}

// Quantile is a duration that the part q of all durations (0 to 1) does not
// exceed, rounded up by less than 1 %; 0 when nothing was recorded. q = 0.5
// is the median.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	rank := int64(math.Ceil(min(max(q, 0), 1) * float64(h.n)))
	rank = max(rank, 1)
	var seen int64
	for i, c := range h.counts {
		if seen += c; seen >= rank {
			return min(top(i), h.max)
		}
	}
	return h.max
}

// bucket is the index of the bucket that v falls in: values below 128 have
// one each, above that the bits after the leading eight are dropped.
func bucket(v uint64) int {
	if v < subBuckets {
		return int(v)
	}
	shift := bits.Len64(v) - bits.Len64(subBuckets)
	return shift*subBuckets + int(v>>shift)
}

// top is the largest value that falls in bucket i.
func top(i int) time.Duration {
	if i < 2*subBuckets {
		return time.Duration(i)
	}
	shift := i/subBuckets - 1
	mantissa := int64(i%subBuckets + subBuckets)
	return time.Duration((mantissa+1)<<shift - 1)
}

package console

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// The plot's size, in the units of its SVG view box.
const (
	plotWidth  = 720.0
	plotHeight = 160.0
)

// plot is the durations of some activations over the time they started, on a
// logarithmic scale: cold starts stand out from warm ones by colour and
// height.
type plot struct {
	Width, Height float64
	Dots          []dot
	Lines         []line
}

type dot struct {
	X, Y  float64
	Class string // cold, warm or bad
	ID    core.ActivationID
	Label string
}

type line struct {
	Y     float64
	Label string
}

// newPlot places the activations, which are sorted newest first.
func newPlot(list []core.Activation) plot {
	p := plot{Width: plotWidth, Height: plotHeight}
	if len(list) == 0 {
		return p
	}
	first, last := list[len(list)-1].Outcome.Start, list[0].Outcome.Start
	span := max(last.Sub(first), time.Second)
	low, high := bounds(list)
	y := func(d time.Duration) float64 {
		at := (logMS(d) - low) / (high - low)
		return math.Round((plotHeight-12-at*(plotHeight-24))*10) / 10
	}
	for e := low; e <= high; e++ {
		d := time.Duration(math.Pow(10, e) * float64(time.Millisecond))
		p.Lines = append(p.Lines, line{Y: y(d), Label: duration(d)})
	}
	for _, a := range list {
		x := float64(a.Outcome.Start.Sub(first)) / float64(span)
		p.Dots = append(p.Dots, dot{
			X: math.Round((48+x*(plotWidth-64))*10) / 10, Y: y(a.Outcome.Duration),
			Class: warmth(a), ID: a.ID, Label: a.Action.Local() + " " + duration(a.Outcome.Duration),
		})
	}
	return p
}

// bounds returns the powers of ten, in milliseconds, that enclose all
// durations.
func bounds(list []core.Activation) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, a := range list {
		low = min(low, math.Floor(logMS(a.Outcome.Duration)))
		high = max(high, math.Ceil(logMS(a.Outcome.Duration)))
	}
	return low, max(high, low+1)
}

func logMS(d time.Duration) float64 {
	return math.Log10(max(float64(d)/float64(time.Millisecond), 1))
}

func warmth(a core.Activation) string {
	switch {
	case a.Outcome.Status != core.StatusSuccess:
		return "bad"
	case a.Outcome.InitTime > 0:
		return "cold"
	}
	return "warm"
}

// summary is what the tiles above a list say.
type summary struct {
	Total, Failed, Cold    int
	WarmMedian, WarmP95    time.Duration
	ColdMedian, WaitP95    time.Duration
	HaveWarm, HaveCold     bool
	SuccessPercent, Warmth int
}

func summarize(list []core.Activation) summary {
	s := summary{Total: len(list)}
	var warm, cold, wait []time.Duration
	for _, a := range list {
		if a.Outcome.Status != core.StatusSuccess {
			s.Failed++
		}
		if a.Kind == "" || a.Kind == core.KindSequence {
			continue
		}
		wait = append(wait, a.Outcome.WaitTime)
		if a.Outcome.InitTime > 0 {
			cold = append(cold, a.Outcome.Duration)
			continue
		}
		warm = append(warm, a.Outcome.Duration)
	}
	s.Cold = len(cold)
	s.HaveWarm, s.HaveCold = len(warm) > 0, len(cold) > 0
	s.WarmMedian, s.WarmP95 = quantile(warm, 0.5), quantile(warm, 0.95)
	s.ColdMedian, s.WaitP95 = quantile(cold, 0.5), quantile(wait, 0.95)
	if s.Total > 0 {
		s.SuccessPercent = 100 * (s.Total - s.Failed) / s.Total
	}
	if n := len(warm) + len(cold); n > 0 {
		s.Warmth = 100 * len(warm) / n
	}
	return s
}

// quantile returns the nearest-rank quantile, 0 for an empty list.
func quantile(list []time.Duration, q float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.SortFunc(list, cmp.Compare[time.Duration])
	return list[min(len(list)-1, int(math.Ceil(q*float64(len(list))))-1)]
}

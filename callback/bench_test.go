package callback_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/callback"
	"github.com/hearth-faas/hearth/core"
)

// BenchmarkACallback is the time from an accepted call to its callback, with
// nothing else to do and a worker that takes no time.
func BenchmarkACallback(b *testing.B) {
	w, c, came := benchWorld(b)
	times := make([]time.Duration, 0, b.N)
	for b.Loop() {
		start := time.Now()
		w.finish(w.invoke("act", `{}`, &c), succeeded(`{}`))
		<-came
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds()), "µs/p50")
}

// BenchmarkManyCallbacks is how many calls are accepted, ended and called back.
func BenchmarkManyCallbacks(b *testing.B) {
	w, c, came := benchWorld(b)
	b.SetParallelism(8)
	b.ResetTimer()
	go b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			w.finish(w.invoke("act", `{}`, &c), succeeded(`{}`))
		}
	})
	for range b.N {
		<-came
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "callbacks/s")
}

// benchWorld is a world with an action, and a receiver that says when it is
// called.
func benchWorld(b *testing.B) (world, core.Callback, chan struct{}) {
	b.Helper()
	came := make(chan struct{}, 1<<16)
	rec := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came <- struct{}{} }))
	b.Cleanup(rec.Close)
	w := newWorld(b)
	w.put("act")
	w.send(callback.Options{Policy: local()})
	return w, core.Callback{URL: rec.URL, Form: core.FormEnvelope}, came
}

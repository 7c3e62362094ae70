package control

import (
	"sync"
	"time"
)

// recent remembers answers for a short time, and a bounded number of them. It
// is safe for concurrent use.
type recent[K comparable, V any] struct {
	life time.Duration
	size int

	mu sync.Mutex
	by map[K]dated[V]
}

type dated[V any] struct {
	value V
	until time.Time
}

func newRecent[K comparable, V any](life time.Duration, size int) *recent[K, V] {
	return &recent[K, V]{life: life, size: size, by: make(map[K]dated[V])}
}

// get returns the answer for key if it is not older than life, or asks for a
// new one. Errors are not remembered.
func (r *recent[K, V]) get(key K, ask func() (V, error)) (V, error) {
	now := time.Now()
	r.mu.Lock()
	known, ok := r.by[key]
	r.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.value, nil
	}
	value, err := ask()
	if err != nil {
		return value, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for old := range r.by {
		if len(r.by) < r.size {
			break
		}
		delete(r.by, old) // whichever the map names first: all are young
	}
	// The answer is as old as the question.
	r.by[key] = dated[V]{value, now.Add(r.life)}
	return value, nil
}

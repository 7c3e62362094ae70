package store

import (
	"sync"

	"github.com/hearth-faas/hearth/core"
)

// A memo keeps at most memoEntries decoded entities of at most memoSize bytes
// of document each: some tens of megabytes when it is full of large ones.
const (
	memoEntries = 4096
	memoSize    = 16 << 10
)

// memo saves the decoding of entities that did not change. It never saves a
// read: the revision in its key comes from Redis each time, so that a write
// through any API server is seen by the next call on every other.
type memo struct {
	mu sync.Mutex
	by map[memoKey]any
}

type memoKey struct {
	name     core.Name
	revision string
}

func newMemo() *memo { return &memo{by: make(map[memoKey]any)} }

// remember returns the decoded entity of the record.
func remember[T any](m *memo, name core.Name, r record, decode func(core.Name, record) (*T, error)) (*T, error) {
	key := memoKey{name, r.revision}
	m.mu.Lock()
	known, ok := m.by[key].(*T)
	m.mu.Unlock()
	if ok {
		return known, nil
	}
	fresh, err := decode(name, r)
	if err != nil || r.size > memoSize {
		return fresh, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for old := range m.by {
		if len(m.by) < memoEntries {
			break
		}
		delete(m.by, old) // whichever the map names first: as good as any
	}
	m.by[key] = fresh
	return fresh, nil
}

package store_test

import (
	"testing"

	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

func TestEveryScriptStaysInItsSlot(t *testing.T) {
	t.Parallel()
	tour(t, store.New(storetest.Cluster(t)))
}

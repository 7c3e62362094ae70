package control

import (
	"context"

	"github.com/hearth-faas/hearth/core"
)

// Page is a part of a list.
type Page struct {
	Skip  int
	Limit int // 0 means core.MaxList
}

// Count counts the entities of a type in a namespace, or the actions of a
// package where pkg is not empty.
func (p *Plane) Count(ctx context.Context, who core.Subject, namespace string, typ core.Type, pkg string) (int, error) {
	panic("unwritten")
}

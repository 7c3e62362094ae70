package control

import (
	"context"

	"github.com/hearth-faas/hearth/core"
)

// Page is a part of a list.
type Page struct {
	Skip  int
	Limit int // 0, or more than core.MaxList, means core.MaxList
}

func (p Page) limit() int {
	if p.Limit <= 0 {
		return core.MaxList
	}
	return min(p.Limit, core.MaxList)
}

// Count counts the entities of a type in a namespace, or the actions of a
// package where pkg is not empty. In a foreign namespace it counts the
// packages that Packages lists.
func (p *Plane) Count(ctx context.Context, who core.Subject, namespace string, typ core.Type, pkg string) (int, error) {
	if typ == core.TypePackage && !owns(who, namespace) {
		shared, err := p.shared(ctx, namespace)
		return len(shared), err
	}
	at, err := p.listed(ctx, who, namespace, pkg)
	if err != nil {
		return 0, err
	}
	return p.db.Count(ctx, at.Namespace, typ, at.Name)
}

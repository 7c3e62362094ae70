package openwhisk

import (
	"context"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// listed answers the listing of a collection: with count=true the number of
// its entities, else the page of them that was asked for, each as item shows
// it.
func listed[T, U any](d *Dialect, r *request, collection string, typ core.Type,
	page func(context.Context, core.Subject, string, control.Page) ([]T, error), item func(*T) U) error {
	q, err := listOf(r.QueryParams(), collection)
	if err != nil {
		return err
	}
	if q.count {
		n, err := d.plane.Count(r.ctx(), r.who, r.namespace(), typ, "")
		if err != nil {
			return err
		}
		return r.counted(collection, n, q.Skip)
	}
	list, err := page(r.ctx(), r.who, r.namespace(), q.Page)
	if err != nil {
		return err
	}
	return r.ok(each(list, item))
}

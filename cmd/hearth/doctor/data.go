package doctor

import (
	"context"

	"github.com/hearth-faas/hearth/store"
)

// Data compares everything that is stored with what should be. It reads all
// of it, which takes a while.
func Data(db *store.DB) Check {
	return func(ctx context.Context) []Finding {
		found, err := db.Check(ctx)
		if err != nil {
			return []Finding{finding(Fail, "data", "cannot be read: %v", err)}
		}
		if len(found) == 0 {
			return []Finding{finding(OK, "data", "all entities fit together")}
		}
		all := make([]Finding, 0, len(found))
		for _, f := range found {
			all = append(all, finding(Fail, "data", "%s", f.String()))
		}
		return all
	}
}

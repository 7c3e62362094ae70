package migrations

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// first is the layout of the first release: there is nothing to change in an
// empty Redis, the version alone is recorded.
func first(context.Context, redis.UniversalClient) error { return nil }

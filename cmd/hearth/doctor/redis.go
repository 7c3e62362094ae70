package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// oldestRedis has what the platform asks for: XAUTOCLAIM, and LPOP of several.
const oldestRedis = "6.2"

// drift is how far two clocks may be apart. Deadlines are by the clock of
// Redis, so that only what people read depends on it.
const drift = 2 * time.Second

// Redis checks the server behind a connection.
func Redis(rdb redis.UniversalClient) Check {
	return func(ctx context.Context) []Finding {
		info, err := Info(ctx, rdb)
		if err != nil {
			return []Finding{finding(Fail, "redis", "does not answer: %v", err)}
		}
		all := []Finding{redisVersion(info["redis_version"]), policy(info["maxmemory_policy"]), durability(info)}
		return append(all, clock(ctx, rdb))
	}
}

// Info reads what Redis says of itself.
func Info(ctx context.Context, rdb redis.UniversalClient) (map[string]string, error) {
	text, err := rdb.Info(ctx).Result()
	if err != nil {
		return nil, fmt.Errorf("ask redis about itself: %w", err)
	}
	info := map[string]string{}
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[key] = value
		}
	}
	return info, nil
}

// ErrEvicts says that Redis may drop keys when its memory is full.
var ErrEvicts = errors.New("redis drops keys when its memory is full, accepted work among them: set maxmemory-policy noeviction")

// Keeps returns ErrEvicts for a Redis that a platform must not be started on.
// A server that does not tell its policy is believed to be right.
func Keeps(ctx context.Context, rdb redis.UniversalClient) error {
	info, err := Info(ctx, rdb)
	if err != nil {
		return err
	}
	if p := info["maxmemory_policy"]; p != "" && p != "noeviction" {
		return fmt.Errorf("policy %s: %w", p, ErrEvicts)
	}
	return nil
}

func redisVersion(version string) Finding {
	if version == "" {
		return finding(Warn, "redis", "does not tell its version, %s or later is needed", oldestRedis)
	}
	if Older(version, oldestRedis) {
		return finding(Fail, "redis", "version %s is too old, %s or later is needed", version, oldestRedis)
	}
	return finding(OK, "redis", "version %s", version)
}

func policy(policy string) Finding {
	switch policy {
	case "noeviction":
		return finding(OK, "redis memory", "nothing is evicted")
	case "":
		return finding(Warn, "redis memory", "the policy cannot be read, it must be noeviction")
	}
	return finding(Fail, "redis memory", "policy %s: %v", policy, ErrEvicts)
}

func durability(info map[string]string) Finding {
	switch {
	case info["aof_enabled"] == "1" && info["aof_last_write_status"] == "err":
		return finding(Fail, "redis durability", "the append-only file cannot be written")
	case info["aof_enabled"] == "1":
		return finding(OK, "redis durability", "every write goes to the append-only file")
	}
	return finding(Warn, "redis durability", "there is no append-only file: a restart loses what was accepted since the last snapshot; set appendonly yes")
}

func clock(ctx context.Context, rdb redis.UniversalClient) Finding {
	before := time.Now()
	theirs, err := rdb.Time(ctx).Result()
	if err != nil {
		return finding(Fail, "clock", "redis does not tell the time: %v", err)
	}
	took := time.Since(before)
	apart := theirs.Sub(before.Add(took / 2)).Abs()
	if apart > drift+took {
		return finding(Warn, "clock", "this machine and redis are %s apart, records will show wrong times; run a time service", apart.Round(time.Millisecond))
	}
	return finding(OK, "clock", "this machine and redis agree")
}

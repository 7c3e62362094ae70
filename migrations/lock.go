package migrations

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// lockKey is held by the process that migrates; its value is that process'
// token. It expires when the process is gone.
const lockKey = "hearth:schema:lock"

const (
	lockLife = 30 * time.Second       // without renewal
	renewal  = lockLife / 3           // between renewals
	lockPoll = 100 * time.Millisecond // between attempts of those who wait
)

var errLost = errors.New("the lock was lost while migrating: run it again")

// renewScript makes the lock live longer if it is still ours.
//
// KEYS: the lock. ARGV: token, milliseconds. Returns 1, or 0 when it is lost.
var renewScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`)

// releaseScript deletes the lock if it is still ours.
//
// KEYS: the lock. ARGV: token. Returns 1, or 0 when it is lost.
var releaseScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`)

// locked calls do while it holds the lock, for which it waits as long as ctx
// lets it. The context of do ends when the lock is lost.
func locked(ctx context.Context, rdb redis.UniversalClient, do func(ctx context.Context) error) error {
	token := rand.Text()
	for {
		won, err := rdb.SetNX(ctx, lockKey, token, lockLife).Result()
		if err != nil {
			return fmt.Errorf("take the migration lock: %w", err)
		}
		if won {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the migration lock: %w", ctx.Err())
		case <-time.After(lockPoll):
		}
	}
	held, lose := context.WithCancelCause(ctx)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		renew(held, rdb, token, lose)
	}()
	err := do(held)
	if cause := context.Cause(held); errors.Is(cause, errLost) {
		err = errors.Join(err, cause)
	}
	lose(nil)
	<-renewed
	release, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if e := releaseScript.Run(release, rdb, []string{lockKey}, token).Err(); e != nil {
		err = errors.Join(err, fmt.Errorf("release the migration lock: %w", e))
	}
	return err
}

// renew keeps the lock until ctx ends, and calls lose when it cannot.
func renew(ctx context.Context, rdb redis.UniversalClient, token string, lose context.CancelCauseFunc) {
	tick := time.NewTicker(renewal)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		n, err := renewScript.Run(ctx, rdb, []string{lockKey}, token, lockLife.Milliseconds()).Int()
		if err == nil && n == 0 {
			lose(errLost)
			return
		}
		// A renewal that failed is tried again: the lock outlives two of them.
	}
}

package platform

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/redis/go-redis/v9"
)

// Redis is a private Redis server on a unix socket, durable across restarts.
type Redis struct {
	// DB is a client of it, for those who look inside.
	DB      *redis.Client
	dir     string
	process *Process
}

// NewRedis starts a server that keeps its data in dir.
func NewRedis(ctx context.Context, dir string) (*Redis, error) {
	r := &Redis{dir: dir, DB: redis.NewClient(&redis.Options{Network: "unix", Addr: filepath.Join(dir, "redis.sock")})}
	return r, r.Start(ctx)
}

// URL is what --redis takes.
func (r *Redis) URL() string { return "unix://" + r.Socket() }

// Socket is the path of its socket.
func (r *Redis) Socket() string { return filepath.Join(r.dir, "redis.sock") }

// Start starts the server again after a Stop and waits until it answers.
func (r *Redis) Start(ctx context.Context) error {
	p, err := Start(Command{Path: "redis-server", Dir: r.dir, Args: []string{
		"--port", "0", "--unixsocket", filepath.Join(r.dir, "redis.sock"),
		"--dir", r.dir, "--appendonly", "yes", "--appendfsync", "everysec",
		"--save", "", "--maxmemory-policy", "noeviction", "--daemonize", "no",
	}})
	if err != nil {
		return err
	}
	r.process = p
	return Poll(ctx, func() error {
		select {
		case <-p.Done():
			return fmt.Errorf("redis-server ended:\n%s", p.Output())
		default:
		}
		if err := r.DB.Ping(ctx).Err(); err != nil {
			return fmt.Errorf("ping redis: %w", err)
		}
		return nil
	})
}

// Stop ends the server in an orderly way; nothing acknowledged is lost.
func (r *Redis) Stop(ctx context.Context) error {
	_, err := r.process.Stop(ctx)
	return err
}

// Dump returns everything that the server holds, as one uncompressed text.
func (r *Redis) Dump(ctx context.Context) (string, error) {
	if err := r.DB.ConfigSet(ctx, "rdbcompression", "no").Err(); err != nil {
		return "", fmt.Errorf("turn off compression: %w", err)
	}
	var all []byte
	keys := r.DB.Scan(ctx, 0, "*", 1000).Iterator()
	for keys.Next(ctx) {
		v, err := r.DB.Dump(ctx, keys.Val()).Result()
		if errors.Is(err, redis.Nil) {
			continue // it expired between the two commands
		}
		if err != nil {
			return "", fmt.Errorf("dump key: %w", err)
		}
		all = append(append(append(all, keys.Val()...), '\n'), v...)
	}
	if err := keys.Err(); err != nil {
		return "", fmt.Errorf("scan keys: %w", err)
	}
	return string(all), nil
}

package main

import (
	"fmt"
	"net/url"

	"github.com/redis/go-redis/v9"
)

// connections is how many a process may have open to Redis; a blocking call
// holds one only while it asks.
const connections = 64

// connect makes a client for a URL. A master_name in its query means that the
// hosts are Sentinels, which know where the master is.
func connect(address string) (redis.UniversalClient, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, usagef("--redis is no URL: %v", err)
	}
	if u.Query().Has("master_name") {
		opt, err := redis.ParseFailoverURL(address)
		if err != nil {
			return nil, usagef("--redis: %v", err)
		}
		opt.ContextTimeoutEnabled = true
		opt.PoolSize = max(opt.PoolSize, connections)
		return redis.NewFailoverClient(opt), nil
	}
	opt, err := redis.ParseURL(address)
	if err != nil {
		return nil, usagef("--redis: %v", err)
	}
	opt.ContextTimeoutEnabled = true
	opt.PoolSize = max(opt.PoolSize, connections)
	return redis.NewClient(opt), nil
}

// redacted is the address without its password.
func redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Sprintf("%T", err)
	}
	return u.Redacted()
}

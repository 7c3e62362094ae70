// Package foreign reads streams and channels of a Redis that is not the
// platform's own: somebody else named it, and it may be anything.
package foreign

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// Options of a connection.
type Options struct {
	// Allow bounds where it may lead; none means anywhere but link-local
	// addresses, where clouds keep the secrets of their machines.
	Allow []netip.Prefix
	// Connections bounds the pool; 0 means 4.
	Connections int
}

const (
	dialTime = 5 * time.Second
	readTime = 5 * time.Second
)

// Redis is a connection. It is safe for concurrent use.
type Redis struct{ rdb *redis.Client }

// Open makes a connection of a URL (redis:// or rediss://) and does not try it
// yet. The error is fit for whoever wrote the URL, and shows no password.
func Open(address string, opt Options) (*Redis, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "redis" && u.Scheme != "rediss") || u.Host == "" {
		return nil, errors.New("it is no redis:// or rediss:// URL")
	}
	o, err := redis.ParseURL(address)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "redis: "))
	}
	o.PoolSize = opt.Connections
	if o.PoolSize <= 0 {
		o.PoolSize = 4
	}
	o.ContextTimeoutEnabled = true
	o.MaxRetries = -1 // whoever asks tries again
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = dialTime, readTime, readTime
	o.DialerRetries = 1
	dialer := &net.Dialer{Timeout: dialTime, Control: opt.control}
	o.Dialer = dialer.DialContext
	if o.TLSConfig != nil {
		o.Dialer = (&tls.Dialer{NetDialer: dialer, Config: o.TLSConfig}).DialContext
	}
	return &Redis{redis.NewClient(o)}, nil
}

// control looks at an address just before it is dialled, after its name was
// resolved for the last time.
func (opt Options) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("look at address: %w", err)
	}
	ip := at.Addr().Unmap().WithZone("")
	if len(opt.Allow) == 0 {
		if ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() {
			return errors.New("the address is not allowed")
		}
		return nil
	}
	for _, p := range opt.Allow {
		if p.Contains(ip) {
			return nil
		}
	}
	return errors.New("the address is not allowed")
}

// Close ends the connection.
func (r *Redis) Close() error { return r.rdb.Close() }

// Join makes the consumer group of a stream, and the stream, where they are
// not there: start is "$" for what comes from now on, "0" for all, or an id.
func (r *Redis) Join(ctx context.Context, stream, group, start string) error {
	err := r.rdb.XGroupCreateMkStream(ctx, stream, group, start).Err()
	if err != nil && !redis.HasErrorPrefix(err, "BUSYGROUP") {
		return err
	}
	return nil
}

// NoGroup says whether the stream or its group has gone.
func NoGroup(err error) bool { return redis.HasErrorPrefix(err, "NOGROUP") }

// Entry is an entry of a stream.
type Entry struct {
	ID     string
	Fields map[string]string
}

// Reader is a consumer of a group.
type Reader struct{ Stream, Group, Consumer string }

// Read waits for entries that no consumer has got, no longer than wait.
func (r *Redis) Read(ctx context.Context, from Reader, count int, wait time.Duration) ([]Entry, error) {
	got, err := r.rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group: from.Group, Consumer: from.Consumer, Streams: []string{from.Stream, ">"}, Count: int64(count), Block: max(wait, time.Millisecond),
	}).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil || len(got) == 0 {
		return nil, err
	}
	return entries(got[0].Messages), nil
}

// Claim takes entries that some consumer got longer than idle ago and has not
// acknowledged.
func (r *Redis) Claim(ctx context.Context, from Reader, count int, idle time.Duration) ([]Entry, error) {
	got, _, err := r.rdb.XAutoClaim(ctx, &redis.XAutoClaimArgs{
		Stream: from.Stream, Group: from.Group, Consumer: from.Consumer, MinIdle: idle, Start: "0", Count: int64(count),
	}).Result()
	return entries(got), err
}

func entries(list []redis.XMessage) []Entry {
	out := make([]Entry, len(list))
	for i, m := range list {
		out[i] = Entry{ID: m.ID, Fields: make(map[string]string, len(m.Values))}
		for k, v := range m.Values {
			out[i].Fields[k] = fmt.Sprint(v)
		}
	}
	return out
}

// Acknowledge says that the group is done with the entries.
func (r *Redis) Acknowledge(ctx context.Context, from Reader, ids []string) error {
	return r.rdb.XAck(ctx, from.Stream, from.Group, ids...).Err()
}

// Lag is how many entries the group has not been given, or has not
// acknowledged; -1 where Redis does not know.
func (r *Redis) Lag(ctx context.Context, from Reader) (int64, error) {
	groups, err := r.rdb.XInfoGroups(ctx, from.Stream).Result()
	if err != nil {
		return -1, err
	}
	for _, g := range groups {
		if g.Name == from.Group && g.Lag >= 0 {
			return g.Lag + g.Pending, nil
		}
	}
	return -1, nil
}

// Leave takes a consumer that holds nothing out of the group.
func (r *Redis) Leave(ctx context.Context, from Reader) error {
	pending, err := r.rdb.XPendingExt(ctx, &redis.XPendingExtArgs{
		Stream: from.Stream, Group: from.Group, Start: "-", End: "+", Count: 1, Consumer: from.Consumer,
	}).Result()
	if err != nil || len(pending) > 0 {
		return err
	}
	return r.rdb.XGroupDelConsumer(ctx, from.Stream, from.Group, from.Consumer).Err()
}

// Listen hands on the messages of a channel until ctx ends or the connection
// does. What is published while nobody listens is lost.
func (r *Redis) Listen(ctx context.Context, channel string, each func(message string)) error {
	sub := r.rdb.Subscribe(ctx, channel)
	// A wait for messages does not see ctx end, only its connection.
	stop := context.AfterFunc(ctx, func() { _ = sub.Close() })
	defer sub.Close()
	defer stop()
	for {
		got, err := sub.ReceiveMessage(ctx)
		if err != nil {
			return err
		}
		each(got.Payload)
	}
}

// Ping asks whether it answers.
func (r *Redis) Ping(ctx context.Context) error { return r.rdb.Ping(ctx).Err() }

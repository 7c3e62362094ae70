package watchdog

import (
	"context"
	"net"
	"net/url"
	"time"
)

// dialTime bounds the look at whether the function's server listens, which is
// in the same container.
const dialTime = time.Second

// listens says whether the function's server has ever accepted a connection:
// a function that is called before that fails.
func (u *upstream) listens(ctx context.Context) bool {
	if u.reached.Load() {
		return true
	}
	dialer := net.Dialer{Timeout: dialTime}
	conn, err := dialer.DialContext(ctx, "tcp", hostPort(u.config.Upstream))
	if err != nil {
		return false
	}
	_ = conn.Close() // nothing was sent
	u.reached.Store(true)
	return true
}

// hostPort is where a URL's server listens.
func hostPort(u *url.URL) string {
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// healthy says whether the function wants requests, and can take them.
func (w *Watchdog) healthy(ctx context.Context) bool {
	return w.gate.healthy() && (w.upstream == nil || w.upstream.listens(ctx))
}

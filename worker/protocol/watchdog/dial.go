package watchdog

import (
	"context"
	"fmt"
	"net"
)

// dial connects to the one address, whatever is asked for.
func dial(d *net.Dialer, network, address string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := d.DialContext(ctx, network, address)
		if err != nil {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return nil, fmt.Errorf("%w: %w", ErrRefused, err)
		}
		return conn, nil
	}
}

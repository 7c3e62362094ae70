package apiserver

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/apiserver/tail"
	"github.com/hearth-faas/hearth/core"
)

// maxStreams is how many clients may follow events at once. Each costs five
// reads of Redis a second.
const maxStreams = 256

// streams bounds the requests that follow events, and ends them as soon as
// the server is to stop: they could go on for as long as it likes to wait,
// and their clients carry on with another server.
func (s *Server) streams(next echo.HandlerFunc) echo.HandlerFunc {
	room := make(chan struct{}, maxStreams)
	return func(c echo.Context) error {
		req := c.Request()
		if req.Method != http.MethodGet || !follows(req) {
			return next(c)
		}
		select {
		case room <- struct{}{}:
			defer func() { <-room }()
		default:
			return core.Errorf(core.KindThrottled, "Too many clients follow logs on this server.")
		}
		ctx, cancel := context.WithCancel(req.Context())
		defer cancel()
		go func() {
			select {
			case <-s.closing:
				cancel()
			case <-ctx.Done():
			}
		}()
		c.SetRequest(req.WithContext(ctx))
		return next(c)
	}
}

// followedLogs is the path of the OpenFaaS dialect's logs, which end by
// themselves only when they are not followed.
const followedLogs = "/system/logs"

// follows says whether the request may have no end.
func follows(req *http.Request) bool { return tail.Asked(req) || req.URL.Path == followedLogs }

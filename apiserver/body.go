package apiserver

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// limitBody bounds the size of a body, before anything is read where its
// length is announced, and the time that a client may take to send it.
func (s *Server) limitBody(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		req := c.Request()
		if req.ContentLength == 0 {
			return next(c)
		}
		if req.ContentLength > s.opt.BodyLimit {
			return echo.NewHTTPError(http.StatusRequestEntityTooLarge)
		}
		rc := http.NewResponseController(c.Response())
		err := rc.SetReadDeadline(time.Now().Add(s.opt.BodyTimeout))
		if err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
		req.Body = &timedBody{http.MaxBytesReader(c.Response(), req.Body, s.opt.BodyLimit), rc}
		return next(c)
	}
}

// timedBody lifts the read deadline once the body has been read. Left in
// place it would end the connection, and with it the request's context, under
// a handler that waits for an activation.
type timedBody struct {
	io.ReadCloser
	rc *http.ResponseController
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		_ = b.rc.SetReadDeadline(time.Time{}) // unsupported only where it was not set
	}
	return n, err
}

// Package tail serves the lines of one activation as server-sent events, for
// whatever dialect knows who asks: what is there already, what is printed
// while the activation runs, and its end.
//
//	id: 1-0
//	data: 2026-01-31T12:00:00.000000000Z stdout: hello
//
//	event: end
//	data: success
//
// A client that was cut off sends the last id that it saw as Last-Event-ID,
// and misses nothing.
package tail

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// MediaType is what clients that want events accept.
const MediaType = "text/event-stream"

// writeTimeout is how long a client may take to receive a piece.
const writeTimeout = 30 * time.Second

// Asked says whether the client wants events.
func Asked(r *http.Request) bool { return strings.Contains(r.Header.Get(echo.HeaderAccept), MediaType) }

// Serve answers with the events of the activation, until it ends or the
// client leaves. Errors that come before the first event are returned and
// nothing has been written; later ones end the answer, and the client asks
// again.
func Serve(c echo.Context, plane *control.Plane, who core.Subject, id core.ActivationID) error {
	req, res := c.Request(), c.Response()
	from, resumed := control.ParseLogPosition(req.Header.Get("Last-Event-ID"))
	if resumed {
		from.Line++
	}
	s := stream{res, http.NewResponseController(res.Writer)}
	defer s.ctrl.SetWriteDeadline(time.Time{}) //nolint:errcheck // as in send
	err := plane.Tail(req.Context(), who, id, from, s.send)
	if res.Committed {
		return nil
	}
	return err
}

// stream writes events.
type stream struct {
	res  *echo.Response
	ctrl *http.ResponseController
}

func (s stream) send(e control.LogEvent) error {
	if !s.res.Committed {
		h := s.res.Header()
		h.Set(echo.HeaderContentType, MediaType)
		h.Set(echo.HeaderCacheControl, "no-store")
		h.Set("X-Accel-Buffering", "no") // nginx would hold the lines back
		s.res.WriteHeader(http.StatusOK)
	}
	// A server that knows no deadlines, as in tests, has none to exceed.
	_ = s.ctrl.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := s.res.Write(encode(e)); err != nil {
		return fmt.Errorf("send logs: %w", err)
	}
	if err := s.ctrl.Flush(); err != nil {
		return fmt.Errorf("send logs: %w", err)
	}
	return nil
}

// encode writes the event. Without lines it is a comment, which keeps
// connections alive that somebody would take for dead.
func encode(e control.LogEvent) []byte {
	var b bytes.Buffer
	at := e.At
	for _, line := range e.Lines {
		fmt.Fprintf(&b, "id: %s\n", at)
		// A carriage return ends a line of the stream too.
		for part := range strings.SplitSeq(strings.TrimSuffix(line, "\r"), "\r") {
			fmt.Fprintf(&b, "data: %s\n", part)
		}
		b.WriteByte('\n')
		at.Line++
	}
	switch {
	case e.End != nil:
		fmt.Fprintf(&b, "event: end\ndata: %s\n\n", *e.End)
	case b.Len() == 0:
		b.WriteString(":\n\n")
	}
	return b.Bytes()
}

package openfaas

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

const (
	// logWindow is how old lines may be that nobody asked for by time or number.
	logWindow = 5 * time.Minute
	// logWrite is how long a client may take to receive a piece.
	logWrite = 30 * time.Second
)

// lineJSON is a line of a log. All keys are always there.
type lineJSON struct {
	Name      string    `json:"name"`
	Namespace string    `json:"namespace"`
	Instance  string    `json:"instance"`
	Timestamp time.Time `json:"timestamp"`
	Text      string    `json:"text"`
}

// logs answers with the log of a function, one JSON text a line.
func (d *Dialect) logs(r *request) error {
	q, err := logQuery(r, time.Now())
	if err != nil {
		return err
	}
	who, name, err := d.addressed(r, r.query("name"), "")
	if err != nil {
		return err
	}
	if name.Name == "" {
		return core.Errorf(core.KindInvalid, "name is required")
	}
	out := lines{d: d, res: r.Response(), ctrl: http.NewResponseController(r.Response().Writer)}
	defer out.ctrl.SetWriteDeadline(time.Time{}) //nolint:errcheck // as in send
	err = d.plane.FunctionLog(r.ctx(), who, name, q, out.send)
	if r.Response().Committed {
		return nil // the client left, or the server ends, or the line breaks off
	}
	return named(name, err)
}

// logQuery reads the query. A number of lines lifts the bound of their age.
func logQuery(r *request, now time.Time) (q control.LogQuery, err error) {
	q.Instance = r.query("instance")
	q.Follow, _ = strconv.ParseBool(r.query("follow"))
	if text := r.query("tail"); text != "" {
		if q.Last, err = strconv.Atoi(text); err != nil {
			return q, core.Errorf(core.KindInvalid, "tail is %q, and has to be a number", text)
		}
		q.Last = max(0, q.Last)
	}
	if text := r.query("since"); text != "" {
		if q.Since, err = time.Parse(time.RFC3339, text); err != nil {
			return q, core.Errorf(core.KindInvalid, "since is %q, and has to be a time in the form of RFC 3339", text)
		}
	} else if q.Last == 0 {
		q.Since = now.Add(-logWindow)
	}
	return q, nil
}

// lines writes lines of a log.
type lines struct {
	d    *Dialect
	res  *echo.Response
	ctrl *http.ResponseController
}

func (w lines) send(list []store.FunctionLine) error {
	if !w.res.Committed {
		w.res.Header().Set(echo.HeaderContentType, "application/x-ndjson")
		w.res.Header().Set("X-Accel-Buffering", "no") // nginx would hold the lines back
		w.res.WriteHeader(http.StatusOK)
	}
	// A server that knows no deadlines, as in tests, has none to exceed.
	_ = w.ctrl.SetWriteDeadline(time.Now().Add(logWrite))
	enc := json.NewEncoder(w.res)
	for _, l := range list {
		if err := enc.Encode(lineJSON{l.Function.Name, w.d.shown(l.Function.Namespace), l.Instance, l.At, l.Text}); err != nil {
			return fmt.Errorf("send log: %w", err)
		}
	}
	if err := w.ctrl.Flush(); err != nil {
		return fmt.Errorf("send log: %w", err)
	}
	return nil
}

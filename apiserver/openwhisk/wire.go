package openwhisk

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/core"
)

// keyValue is a parameter or annotation.
type keyValue struct {
	Key        string    `json:"key"`
	Value      core.JSON `json:"value"`
	Init       bool      `json:"init,omitempty"`
	Encryption string    `json:"encryption,omitempty"`
}

func paramsJSON(p core.Params) []keyValue {
	out := make([]keyValue, len(p))
	for i, param := range p {
		out[i] = keyValue(param)
	}
	return out
}

// metaJSON is what all entities show.
type metaJSON struct {
	Namespace   string     `json:"namespace"`
	Name        string     `json:"name"`
	Version     string     `json:"version"`
	Publish     bool       `json:"publish"`
	Annotations []keyValue `json:"annotations"`
	Updated     int64      `json:"updated"`
}

func metaOf(m core.Meta) metaJSON {
	return metaJSON{
		m.Name.Path(), m.Name.Name, m.Version.String(), m.Publish, paramsJSON(m.Annotations), m.Updated.UnixMilli(),
	}
}

// limitsJSON has all four of OpenWhisk's limits; the fifth where it is set.
type limitsJSON struct {
	Concurrency int   `json:"concurrency"`
	Logs        int   `json:"logs"`
	Memory      int   `json:"memory"`
	Timeout     int64 `json:"timeout"`
	Instances   *int  `json:"instances,omitempty"`
}

func limitsOf(l core.Limits) limitsJSON {
	return limitsJSON{l.Concurrency, l.Logs, l.Memory, l.Timeout.Milliseconds(), l.Instances}
}

// execJSON is the exec of an action, as GET and PUT show it.
type execJSON struct {
	Kind       string   `json:"kind"`
	Code       *string  `json:"code,omitempty"`
	Binary     *bool    `json:"binary,omitempty"`
	Main       string   `json:"main,omitempty"`
	Image      string   `json:"image,omitempty"`
	Components []string `json:"components,omitempty"`
}

func execOf(e core.Exec, code bool) execJSON {
	out := execJSON{Kind: e.Kind, Main: e.Main, Image: e.Image}
	if e.Kind == core.KindSequence {
		out.Components = make([]string, len(e.Components))
		for i, n := range e.Components {
			out.Components[i] = n.String()
		}
		return out
	}
	out.Binary = &e.Binary
	if code && (len(e.Code) > 0 || e.Kind != core.KindBlackbox && e.Kind != core.KindFunction) {
		s := string(e.Code)
		out.Code = &s
	}
	return out
}

type actionJSON struct {
	metaJSON
	Exec       execJSON   `json:"exec"`
	Parameters []keyValue `json:"parameters"`
	Limits     limitsJSON `json:"limits"`
}

func actionOf(a *core.Action, code bool) actionJSON {
	return actionJSON{metaOf(a.Meta), execOf(a.Exec, code), paramsJSON(a.Params), limitsOf(a.Limits)}
}

// actionItem is an action in a list: no code, no parameters.
type actionItem struct {
	metaJSON
	Exec   binaryJSON `json:"exec"`
	Limits limitsJSON `json:"limits"`
}

type binaryJSON struct {
	Binary bool `json:"binary"`
}

func actionItemOf(a *core.Action) actionItem {
	return actionItem{metaOf(a.Meta), binaryJSON{a.Exec.Binary}, limitsOf(a.Limits)}
}

// millis is a time as clients see it.
func millis(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	ms := t.UnixMilli()
	return &ms
}

// encode is compact JSON that leaves <, > and & as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

func writeJSON(c echo.Context, status int, v any) error {
	b, err := encode(v)
	if err != nil {
		return err
	}
	return c.Blob(status, echo.MIMEApplicationJSON, b)
}

func (r *request) ok(v any) error { return writeJSON(r, http.StatusOK, v) }

// each maps a list, and gives [] rather than null for an empty one.
func each[T, U any](items []T, f func(*T) U) []U {
	out := make([]U, len(items))
	for i := range items {
		out[i] = f(&items[i])
	}
	return out
}

// counted answers count=true: what is left after skip.
func (r *request) counted(collection string, n, skip int) error {
	return r.ok(map[string]int{collection: max(0, n-skip)})
}

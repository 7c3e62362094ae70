package openwhisk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/core"
)

// object is the body of a request before its fields are looked at. Fields
// that nobody asks for are ignored, as OpenWhisk does.
type object map[string]json.RawMessage

// has returns a field that is there and not null: clients send null for what
// they do not set.
func (o object) has(key string) (json.RawMessage, bool) {
	v, ok := o[key]
	return v, ok && string(v) != "null"
}

// putBody reads the body of a PUT, which has to be there.
func putBody(req *http.Request) (object, error) {
	if req.Header.Get(echo.HeaderContentType) == "" && req.ContentLength == 0 {
		return nil, badRequest("Request entity expected but not supplied")
	}
	if err := wantJSON(req); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, readError(err)
	}
	return parseObject(body)
}

// payload reads the body of a POST: a JSON object, or nothing, which is nil.
// The text is returned as it came.
func payload(req *http.Request) (core.JSON, error) {
	if req.ContentLength == 0 {
		return nil, nil
	}
	if err := wantJSON(req); err != nil {
		return nil, err
	}
	body, err := readPayload(req)
	if err != nil || len(bytes.TrimSpace(body)) == 0 {
		return nil, err
	}
	if !json.Valid(body) {
		_, err := parseObject(body)
		return nil, err
	}
	if bytes.TrimLeft(body, " \t\r\n")[0] != '{' {
		return nil, malformed("Object expected")
	}
	return body, nil
}

// payloadSize refuses a payload by the length that it announces.
func payloadSize(req *http.Request) error {
	if req.ContentLength > core.MaxPayload {
		return payloadTooLarge(req.ContentLength)
	}
	return nil
}

// readPayload reads a body up to the limit, for clients that announce none.
func readPayload(req *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(req.Body, core.MaxPayload+1))
	if err != nil {
		return nil, readError(err)
	}
	if len(body) > core.MaxPayload {
		return nil, payloadTooLarge(int64(len(body)))
	}
	return body, nil
}

func payloadTooLarge(n int64) error {
	return &failure{http.StatusRequestEntityTooLarge,
		fmt.Sprintf("Request larger than allowed: %d > %d bytes.", n, core.MaxPayload)}
}

// readError tells a body that is too large from one that broke off.
func readError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return errTooLarge
	}
	return malformed("The body broke off.")
}

func wantJSON(req *http.Request) error {
	ct := req.Header.Get(echo.HeaderContentType)
	if media, _, err := mime.ParseMediaType(ct); err == nil && media == echo.MIMEApplicationJSON {
		return nil
	}
	if ct == "" {
		ct = echo.MIMEOctetStream
	}
	return &failure{http.StatusUnsupportedMediaType,
		"The request's Content-Type [" + ct + "] is not supported. Expected:\napplication/json"}
}

func parseObject(body []byte) (object, error) {
	var o object
	err := json.Unmarshal(body, &o)
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType), err == nil && o == nil:
		return nil, malformed("Object expected")
	case err != nil:
		return nil, malformed(err.Error())
	}
	return o, nil
}

// publish reads the optional flag of that name.
func (o object) publish() (*bool, error) {
	raw, ok := o.has("publish")
	if !ok {
		return nil, nil
	}
	var v bool
	if json.Unmarshal(raw, &v) != nil {
		return nil, malformed("'publish' must be true or false")
	}
	return &v, nil
}

// version reads the optional version.
func (o object) version() (*core.Version, error) {
	raw, ok := o.has("version")
	if !ok {
		return nil, nil
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return nil, malformed("malformed version")
	}
	v, err := core.ParseVersion(s)
	if err != nil {
		return nil, malformedBy(err)
	}
	return &v, nil
}

// params reads optional parameters or annotations.
func (o object) params(key string) (*core.Params, error) {
	raw, ok := o.has(key)
	if !ok {
		return nil, nil
	}
	p, err := parseParams(raw)
	return &p, err
}

func parseParams(raw json.RawMessage) (core.Params, error) {
	errForm := malformed("parameters malformed!")
	var items []map[string]json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		return nil, errForm
	}
	list := make(core.Params, 0, len(items))
	for _, item := range items {
		var p core.Param
		value, ok := item["value"]
		if key := item["key"]; !ok || key == nil || key[0] != '"' || json.Unmarshal(key, &p.Key) != nil || p.Key == "" {
			return nil, errForm
		}
		p.Value = value
		if init, ok := item["init"]; ok && json.Unmarshal(init, &p.Init) != nil {
			return nil, errForm
		}
		list = append(list, p)
	}
	return core.Params(nil).Merge(list), nil // the last of a key wins
}

// parseFQN reads the full name of another entity: "/ns[/pkg]/name", or an object
// of path and name.
func parseFQN(raw json.RawMessage, self string) (core.Name, error) {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		var o struct{ Path, Name string }
		if json.Unmarshal(raw, &o) != nil || o.Name == "" {
			return core.Name{}, malformed("fully qualified name malformed")
		}
		s = o.Path + "/" + o.Name
	}
	n, err := core.ParseName(s, self)
	if err != nil {
		return core.Name{}, malformedBy(err)
	}
	return n, nil
}

// whole reads a whole number; other is the error of anything else.
func whole(raw json.RawMessage, other string) (int, error) {
	if n, err := strconv.Atoi(string(raw)); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || f != float64(int(f)) || strings.HasPrefix(string(raw), `"`) {
		return 0, malformed(other)
	}
	return int(f), nil
}

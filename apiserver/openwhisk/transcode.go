package openwhisk

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/core"
)

// answer is what a web action makes of its result. A nil body is an answer
// without content.
type answer struct {
	status      int
	header      http.Header
	contentType string
	body        []byte
	negotiated  bool // the caller's Accept has to admit the content type
}

var errNoProperty = &failure{http.StatusNotFound, "Response does not include requested property."}

// transcoders make an answer of a result, by extension of the URL.
var transcoders = map[string]func(core.JSON) (answer, error){ //nolint:gochecknoglobals // a constant in all but form
	"json": transcodeJSON,
	"html": transcodeHTML,
	"svg":  transcodeSVG,
	"text": transcodeText,
	"http": transcodeHTTP,
}

func transcodeJSON(result core.JSON) (answer, error) {
	if first := firstByte(result); first != '{' && first != '[' {
		return answer{}, badRequest("Response is not valid 'application/json'.")
	}
	return answer{status: http.StatusOK, contentType: echo.MIMEApplicationJSON, body: pretty(result)}, nil
}

func transcodeHTML(result core.JSON) (answer, error) {
	return transcodeMarkup(result, "html", echo.MIMETextHTML, echo.MIMETextHTMLCharsetUTF8)
}

func transcodeSVG(result core.JSON) (answer, error) {
	return transcodeMarkup(result, "svg", "image/svg+xml", "image/svg+xml")
}

func transcodeMarkup(result core.JSON, property, media, contentType string) (answer, error) {
	value, ok := project(result, property)
	if !ok {
		return answer{}, errNoProperty
	}
	text, ok := stringOf(value)
	if !ok {
		return answer{}, badRequest("Response is not valid '" + media + "'.")
	}
	return answer{status: http.StatusOK, contentType: contentType, body: []byte(text)}, nil
}

func transcodeText(result core.JSON) (answer, error) {
	value, ok := project(result, "text")
	if !ok {
		return answer{}, errNoProperty
	}
	body := pretty(value)
	if text, ok := stringOf(value); ok {
		body = []byte(text)
	}
	return answer{status: http.StatusOK, contentType: "text/plain; charset=UTF-8", body: notNil(body)}, nil
}

// project takes the property "body", or the one named, of an object; what is
// no object is taken whole.
func project(result core.JSON, property string) (core.JSON, bool) {
	if firstByte(result) != '{' {
		return result, true
	}
	o, err := parseObject(result)
	if err != nil {
		return nil, false
	}
	for _, key := range []string{"body", property} {
		if v, ok := o[key]; ok {
			return v, true
		}
	}
	return nil, false
}

func stringOf(value core.JSON) (string, bool) {
	var s *string
	if json.Unmarshal(value, &s) != nil || s == nil {
		return "", false
	}
	return *s, true
}

func firstByte(value core.JSON) byte {
	value = bytes.TrimLeft(value, " \t\r\n")
	if len(value) == 0 {
		return 0
	}
	return value[0]
}

// pretty is JSON indented by two spaces, as OpenWhisk prints for people.
func pretty(value core.JSON) []byte {
	var b bytes.Buffer
	if json.Indent(&b, value, "", "  ") != nil {
		return value
	}
	return b.Bytes()
}

func writePretty(c echo.Context, status int, v any) error {
	b, err := encode(v)
	if err != nil {
		return err
	}
	return c.Blob(status, echo.MIMEApplicationJSON, pretty(b))
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// accepts says whether an Accept header admits a content type.
func accepts(header, contentType string) bool {
	if strings.TrimSpace(header) == "" {
		return true
	}
	media := mediaOf(contentType)
	family, _, _ := strings.Cut(media, "/")
	for _, item := range strings.Split(header, ",") {
		name, params, _ := strings.Cut(item, ";")
		if q := strings.ReplaceAll(params, " ", ""); strings.HasPrefix(q, "q=0") && strings.Trim(q, "q=0.") == "" {
			continue
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "*/*", "*", family + "/*", media:
			return true
		}
	}
	return false
}

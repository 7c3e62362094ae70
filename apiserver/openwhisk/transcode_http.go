package openwhisk

import (
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/core"
)

var (
	errNotHTTP      = &failure{http.StatusBadRequest, "Response is not valid 'message/http'."}
	errTypeMismatch = &failure{http.StatusBadRequest, "Response type in header did not match generated content type."}
	errUnknownType  = &failure{http.StatusBadRequest, "Response did not specify a known content-type."}
)

// transcodeHTTP makes an answer of an object {statusCode, headers, body}.
func transcodeHTTP(result core.JSON) (answer, error) {
	if firstByte(result) != '{' {
		return answer{}, errNotHTTP
	}
	o, err := parseObject(result)
	if err != nil {
		return answer{}, errNotHTTP
	}
	a := answer{}
	if a.header, err = answerHeaders(o["headers"]); err != nil {
		return answer{}, err
	}
	body := o["body"]
	if empty(body) {
		a.status = http.StatusNoContent
	} else {
		a.status = http.StatusOK
		if err := a.setBody(body); err != nil {
			return answer{}, err
		}
	}
	a.header.Del(echo.HeaderContentType)
	a.header.Del(echo.HeaderContentLength)
	a.header.Del("Transfer-Encoding")
	if raw, ok := o["statusCode"]; ok {
		if a.status, err = statusCode(raw); err != nil {
			return answer{}, err
		}
	}
	return a, nil
}

func empty(body core.JSON) bool {
	return body == nil || string(body) == "null" || string(body) == `""`
}

// setBody fits the body to the content type that the headers name, or to the
// one that follows from its own JSON type.
func (a *answer) setBody(body core.JSON) error {
	a.contentType = a.header.Get(echo.HeaderContentType)
	text, isString := stringOf(body)
	if a.contentType == "" {
		a.contentType = echo.MIMEApplicationJSON
		if isString {
			a.contentType = echo.MIMETextHTMLCharsetUTF8
		}
	}
	media, _, err := mime.ParseMediaType(a.contentType)
	if err != nil {
		return errUnknownType
	}
	a.negotiated = isString
	switch {
	case !isString && isJSON(media):
		a.body = pretty(body)
	case !isString:
		return errTypeMismatch
	case isJSON(media) && isBase64(text):
		a.body, err = base64.StdEncoding.DecodeString(text)
		if err != nil {
			return errTypeMismatch
		}
	case isText(media):
		a.body = []byte(text)
	default:
		if a.body, err = base64.StdEncoding.DecodeString(text); err != nil {
			return errTypeMismatch
		}
	}
	a.body = notNil(a.body)
	return nil
}

// statusCode is a whole number, or one as text, of three digits.
func statusCode(raw core.JSON) (int, error) {
	text, isString := stringOf(raw)
	if !isString {
		text = string(raw)
	}
	n, err := whole(core.JSON(text), "")
	if err != nil || n < 100 || n > 599 {
		return 0, errNotHTTP
	}
	return n, nil
}

// answerHeaders reads headers: a value is a string, number or boolean, or a
// list of these for a header that is sent several times.
func answerHeaders(raw core.JSON) (http.Header, error) {
	h := http.Header{}
	if raw == nil {
		return h, nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil || fields == nil {
		return nil, errNotHTTP
	}
	for name, value := range fields {
		values := []json.RawMessage{value}
		if firstByte(value) == '[' && json.Unmarshal(value, &values) != nil {
			return nil, errNotHTTP
		}
		for _, v := range values {
			text, err := headerValue(v)
			if err != nil {
				return nil, err
			}
			h.Add(name, text)
		}
	}
	return h, nil
}

func headerValue(raw core.JSON) (string, error) {
	if s, ok := stringOf(raw); ok {
		return s, nil
	}
	if string(raw) == "true" || string(raw) == "false" {
		return string(raw), nil
	}
	if _, err := strconv.ParseFloat(string(raw), 64); err == nil {
		return string(raw), nil
	}
	return "", errNotHTTP
}

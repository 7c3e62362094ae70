package openwhisk

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/core"
)

// The arguments that a web action gets beside its parameters. Callers cannot
// set them.
const (
	owMethod  = "__ow_method"
	owHeaders = "__ow_headers"
	owPath    = "__ow_path"
	owUser    = "__ow_user"
	owQuery   = "__ow_query"
	owBody    = "__ow_body"
)

// webArguments makes the payload of a web action. Raw ones get query and body
// as they are, the others get both as arguments of their own.
func webArguments(req *http.Request, rest, user string, raw bool) (core.JSON, error) {
	body, err := readPayload(req)
	if err != nil {
		return nil, err
	}
	headers := lowerHeaders(req)
	if len(body) == 0 {
		delete(headers, "content-type")
	}
	args := map[string]any{}
	if raw {
		args[owQuery] = req.URL.RawQuery
		args[owBody] = rawBody(req, body)
	} else {
		if err := overlay(args, queryArguments(req.URL.RawQuery)); err != nil {
			return nil, err
		}
		if err := bodyArguments(req, body, args); err != nil {
			return nil, err
		}
	}
	args[owMethod] = strings.ToLower(req.Method)
	args[owHeaders] = headers
	args[owPath] = rest
	if user != "" {
		args[owUser] = user
		delete(headers, "authorization") // a key of this platform, which is not the action's business
	}
	return encode(args)
}

// overlay adds what the caller sent, none of which may be a reserved name.
func overlay(args, over map[string]any) error {
	for key, value := range over {
		switch key {
		case owMethod, owHeaders, owPath, owUser, owQuery, owBody:
			return errReserved
		}
		args[key] = value
	}
	return nil
}

// queryArguments are the parameters of a query or form; the last of several
// values wins.
func queryArguments(encoded string) map[string]any {
	values, _ := url.ParseQuery(encoded) // what cannot be decoded is left out
	out := make(map[string]any, len(values))
	for key, list := range values {
		out[key] = list[len(list)-1]
	}
	return out
}

func bodyArguments(req *http.Request, body []byte, args map[string]any) error {
	if len(body) == 0 {
		return nil
	}
	media := mediaOf(req.Header.Get(echo.HeaderContentType))
	switch {
	case isJSON(media):
		if !json.Valid(body) {
			_, err := parseObject(body)
			return err
		}
		var fields map[string]any
		if o, err := parseObject(body); err == nil {
			fields = make(map[string]any, len(o))
			for key, value := range o {
				fields[key] = value
			}
			return overlay(args, fields)
		}
		args[owBody] = json.RawMessage(body)
	case media == echo.MIMEApplicationForm:
		return overlay(args, queryArguments(string(body)))
	case isText(media):
		args[owBody] = string(body)
	default:
		args[owBody] = base64.StdEncoding.EncodeToString(body)
	}
	return nil
}

// rawBody is the body as a string: text as it is, everything else, and JSON
// for the sake of old actions, in base64.
func rawBody(req *http.Request, body []byte) string {
	media := mediaOf(req.Header.Get(echo.HeaderContentType))
	if len(body) == 0 || isText(media) && media != echo.MIMEApplicationJSON {
		return string(body)
	}
	return base64.StdEncoding.EncodeToString(body)
}

// mediaOf is the media type without parameters, lower-case.
func mediaOf(contentType string) string {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return media
}

func isJSON(media string) bool {
	return media == echo.MIMEApplicationJSON || strings.HasSuffix(media, "+json")
}

// isText says whether a media type is text, so that a JSON string can hold
// its content.
func isText(media string) bool {
	switch media {
	case echo.MIMEApplicationForm, "application/javascript", "application/xml", "application/x-javascript",
		"application/xhtml+xml", "application/soap+xml", "application/rss+xml", "application/atom+xml", "image/svg+xml":
		return true
	}
	return isJSON(media) || strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "+xml")
}

// equal compares a secret in constant time.
func equal(got, want string) bool { return subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1 }

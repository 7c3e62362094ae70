package webhook

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/hearth-faas/hearth/core"
)

// What a body has to be.
const (
	// PayloadAuto goes by the type that the sender names; what is neither JSON,
	// a form nor a CloudEvent is passed on as it is.
	PayloadAuto        = "auto"
	PayloadJSON        = "json"
	PayloadForm        = "form"
	PayloadRaw         = "raw"
	PayloadCloudEvents = "cloudevents"
)

// content is what one event fires its trigger with.
type content struct {
	headers, payload core.JSON
	id               string // of a CloudEvent: its source and id
}

// contents reads a message that is believed: one event, or several of a batch
// of CloudEvents. id is that of the one CloudEvent.
func (r *rules) contents(m *message) (list []content, id string, err error) {
	headers, err := json.Marshal(shownHeaders(m.header))
	if err != nil {
		return nil, "", err
	}
	bodies, ids, err := r.decode(m)
	if err != nil {
		return nil, "", err
	}
	for i, body := range bodies {
		if len(body)+len(headers) > core.MaxPayload {
			return nil, "", errTooLarge
		}
		one := content{headers: headers, payload: body}
		if i < len(ids) {
			one.id = ids[i]
		}
		list = append(list, one)
	}
	if len(ids) == 1 {
		id = ids[0]
	}
	return list, id, nil
}

func (r *rules) decode(m *message) (bodies []core.JSON, ids []string, err error) {
	kind, _, _ := mime.ParseMediaType(m.header.Get("Content-Type")) // what cannot be parsed is no type
	want := r.Payload
	cloud := cloudForm(m.header, kind)
	if want == "" || want == PayloadAuto {
		switch {
		case cloud != "":
			want = PayloadCloudEvents
		case isJSON(kind), kind == "" && json.Valid(m.body):
			want = PayloadJSON
		case kind == formType:
			want = PayloadForm
		default:
			want = PayloadRaw
		}
	}
	var body core.JSON
	switch want {
	case PayloadCloudEvents:
		return cloudEvents(m, cloud)
	case PayloadJSON:
		if kind != "" && !isJSON(kind) {
			return nil, nil, errMediaType
		}
		body, err = jsonBody(m.body)
	case PayloadForm:
		if kind != formType {
			return nil, nil, errMediaType
		}
		body, err = formBody(m.body, r.Scheme == "github" || r.Scheme == "slack")
	default:
		body, err = rawBody(m)
	}
	return []core.JSON{body}, nil, err
}

const formType = "application/x-www-form-urlencoded"

func isForm(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && kind == formType
}

func isJSON(kind string) bool { return kind == "application/json" || strings.HasSuffix(kind, "+json") }

// jsonBody is the object itself; anything else becomes its field "body".
func jsonBody(body []byte) (core.JSON, error) {
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return core.JSON(`{}`), nil
	case !json.Valid(body):
		return nil, core.Errorf(core.KindInvalid, "The body is no JSON.")
	case body[0] == '{':
		return core.JSON(body), nil
	}
	return json.Marshal(map[string]json.RawMessage{"body": body})
}

// formBody makes a field of each: a text, or a list of several. Some senders
// have nothing in their form but one field with JSON, which is then the body.
func formBody(body []byte, nested bool) (core.JSON, error) {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, core.Errorf(core.KindInvalid, "The body is no form.")
	}
	if inner := values["payload"]; nested && len(inner) == 1 && len(values) == 1 && strings.HasPrefix(inner[0], "{") {
		return jsonBody([]byte(inner[0]))
	}
	out := make(map[string]any, len(values))
	for name, list := range values {
		out[name] = list
		if len(list) == 1 {
			out[name] = list[0]
		}
	}
	return json.Marshal(out)
}

// rawBody passes the body and the query on under the names that raw web
// actions know them by; the body in base64 where it is no text.
func rawBody(m *message) (core.JSON, error) {
	text := string(m.body)
	if !utf8.Valid(m.body) {
		text = base64.StdEncoding.EncodeToString(m.body)
	}
	return json.Marshal(map[string]any{"__ow_body": text, "__ow_query": m.query, "__ow_base64": !utf8.Valid(m.body)})
}

// shownHeaders are the headers as actions see them, without those that are
// secrets.
func shownHeaders(h http.Header) map[string]string {
	out := make(map[string]string, len(h))
	for name, values := range h {
		switch name {
		case "Authorization", "Proxy-Authorization", "Cookie", "X-Gitlab-Token":
			continue
		}
		out[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	return out
}

package webhook

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/hearth-faas/hearth/core"
)

// The forms of CloudEvents in HTTP.
const (
	cloudBinary     = "binary" // attributes in headers
	cloudStructured = "structured"
	cloudBatch      = "batch"
)

// cloudForm says in which form a message is a CloudEvent; "" for none.
func cloudForm(h http.Header, kind string) string {
	switch {
	case kind == "application/cloudevents-batch+json":
		return cloudBatch
	case kind == "application/cloudevents+json":
		return cloudStructured
	case h.Get("Ce-Specversion") != "":
		return cloudBinary
	}
	return ""
}

// cloudEvents reads events in any form; all become what the structured form
// is. ids are source and id of each.
func cloudEvents(m *message, form string) (bodies []core.JSON, ids []string, err error) {
	var raw []core.JSON
	switch form {
	case cloudStructured:
		raw = []core.JSON{m.body}
	case cloudBatch:
		if json.Unmarshal(m.body, &raw) != nil || len(raw) == 0 || len(raw) > maxBatch {
			return nil, nil, core.Errorf(core.KindInvalid, "The body is no batch of 1 to %d CloudEvents.", maxBatch)
		}
	case cloudBinary:
		one, err := binaryEvent(m)
		if err != nil {
			return nil, nil, err
		}
		raw = []core.JSON{one}
	default:
		return nil, nil, errMediaType
	}
	for _, one := range raw {
		var e struct {
			Version string `json:"specversion"`
			ID      string `json:"id"`
			Source  string `json:"source"`
			Type    string `json:"type"`
		}
		if json.Unmarshal(one, &e) != nil || e.Version == "" || e.ID == "" || e.Source == "" || e.Type == "" {
			return nil, nil, core.Errorf(core.KindInvalid, "A CloudEvent has specversion, id, source and type.")
		}
		bodies, ids = append(bodies, one), append(ids, e.Source+" "+e.ID)
	}
	return bodies, ids, nil
}

// maxBatch is the most events of one delivery.
const maxBatch = 100

// binaryEvent puts the attributes in the headers and the body together.
func binaryEvent(m *message) (core.JSON, error) {
	e := map[string]any{}
	for name := range m.header {
		attribute, ok := strings.CutPrefix(strings.ToLower(name), "ce-")
		if !ok {
			continue
		}
		value := m.header.Get(name)
		if plain, err := url.PathUnescape(value); err == nil { // the binding percent-encodes
			value = plain
		}
		e[attribute] = value
	}
	kind := m.header.Get("Content-Type")
	if kind != "" {
		e["datacontenttype"] = kind
	}
	switch {
	case len(m.body) == 0:
	case json.Valid(m.body) && (kind == "" || strings.Contains(kind, "json")):
		e["data"] = json.RawMessage(m.body)
	case strings.HasPrefix(kind, "text/"):
		e["data"] = string(m.body)
	default:
		e["data_base64"] = m.body // base64 in JSON
	}
	return json.Marshal(e)
}

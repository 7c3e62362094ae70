// Package wire is the container contract as it is on the wire: the request of
// /init, and answers.
package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Init is the value of an /init request.
type Init struct {
	Name   string                     `json:"name"`
	Main   string                     `json:"main"`
	Code   string                     `json:"code"`
	Binary bool                       `json:"binary"`
	Env    map[string]json.RawMessage `json:"env"`
	// Mark, unless empty, is what a launcher that can begins the lines of the
	// action's output with, see actionloop.
	Mark string `json:"hearth_mark"`
}

// ReadInit reads an /init request. Main is "main" if it has none.
func ReadInit(r io.Reader) (Init, error) {
	var request struct {
		Value Init `json:"value"`
	}
	body, err := io.ReadAll(r)
	if err != nil {
		return Init{}, fmt.Errorf("Error reading request body: %w", err) //nolint:staticcheck // the contract's text
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return Init{}, fmt.Errorf("Error unmarshaling request: %w", err) //nolint:staticcheck // the contract's text
	}
	if request.Value.Main == "" {
		request.Value.Main = "main"
	}
	return request.Value, nil
}

// Environ returns the variables of the request as "key=value", sorted: texts
// as they are, null as nothing, everything else as JSON. Names that no
// environment can hold are left out.
func (i Init) Environ() []string {
	var environ []string
	for _, key := range slices.Sorted(maps.Keys(i.Env)) {
		value := text(i.Env[key])
		if key == "" || strings.ContainsAny(key, "=\x00") || strings.Contains(value, "\x00") {
			continue
		}
		environ = append(environ, key+"="+value)
	}
	return environ
}

func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s // null leaves it empty
	}
	var compact bytes.Buffer
	if json.Compact(&compact, raw) != nil {
		return ""
	}
	return compact.String()
}

// IsResult says whether body is a JSON object or array.
func IsResult(body []byte) bool {
	body = bytes.TrimLeft(body, " \t\r\n")
	return len(body) > 0 && (body[0] == '{' || body[0] == '[') && json.Valid(body)
}

// JSON writes an answer.
func JSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // who asked is gone, if anything
}

// Error writes {"error": message}.
func Error(w http.ResponseWriter, status int, message string) {
	JSON(w, status, ErrorBody(message))
}

// ErrorBody is {"error": message}.
func ErrorBody(message string) []byte {
	body, err := json.Marshal(map[string]string{"error": message})
	if err != nil {
		return []byte(`{"error":"internal error"}`)
	}
	return body
}

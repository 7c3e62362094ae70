package whisk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/hearth-faas/hearth/core"
)

type initValue struct {
	Name   string            `json:"name"`
	Main   string            `json:"main"`
	Code   *string           `json:"code,omitempty"` // absent for an image that brings its own
	Binary bool              `json:"binary"`
	Env    map[string]string `json:"env"`
	Mark   string            `json:"hearth_mark,omitempty"` // see Logs.Mark
}

func initBody(call Call, exec core.Exec) ([]byte, error) {
	v := initValue{
		Name: call.Activation.Action.Name, Main: exec.Main, Binary: exec.Binary, Env: environment(call), Mark: call.Mark,
	}
	if v.Main == "" {
		v.Main = "main"
	}
	if exec.Code != nil {
		code := string(exec.Code)
		v.Code = &code
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(map[string]initValue{"value": v}); err != nil {
		return nil, fmt.Errorf("encode /init: %w", err)
	}
	return b.Bytes(), nil
}

// environment is what the action finds in its environment at /init.
func environment(call Call) map[string]string {
	a := call.Activation
	env := make(map[string]string, len(a.Env)+7)
	for _, p := range a.Env {
		env[p.Key] = text(p.Value)
	}
	env["__OW_NAMESPACE"] = a.Namespace
	env["__OW_ACTION_NAME"] = a.Action.String()
	env["__OW_ACTION_VERSION"] = a.Version.String()
	env["__OW_ACTIVATION_ID"] = string(a.ID)
	env["__OW_TRANSACTION_ID"] = a.TransactionID
	env["__OW_DEADLINE"] = strconv.FormatInt(call.Deadline.UnixMilli(), 10)
	if a.APIKey != "" {
		env["__OW_API_KEY"] = a.APIKey
	}
	return env
}

// text is a JSON value as an environment variable: a string itself, null
// nothing, the rest compact JSON.
func text(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil { // null too, which leaves ""
		return s
	}
	var b bytes.Buffer
	if json.Compact(&b, v) != nil {
		return string(v)
	}
	return b.String()
}

// runBody puts the input into the request as it is: it may be a megabyte, and
// was checked when it came in.
func runBody(call Call) []byte {
	a := call.Activation
	input := a.Input
	if len(input) == 0 {
		input = core.JSON("{}")
	}
	b := make([]byte, 0, len(input)+512)
	b = append(b, `{"value":`...)
	b = append(b, input...)
	for _, f := range []struct{ key, value string }{
		{`,"namespace":`, a.Namespace},
		{`,"action_name":`, a.Action.String()},
		{`,"action_version":`, a.Version.String()},
		{`,"activation_id":`, string(a.ID)},
		{`,"transaction_id":`, a.TransactionID},
		{`,"deadline":`, strconv.FormatInt(call.Deadline.UnixMilli(), 10)},
	} {
		b = appendString(append(b, f.key...), f.value)
	}
	if a.APIKey != "" {
		b = appendString(append(b, `,"api_key":`...), a.APIKey)
	}
	return append(b, '}')
}

// appendString appends s as a JSON string, without an allocation when nothing
// in it needs escaping.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c > '~' {
			quoted, _ := json.Marshal(s) // a string always encodes
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

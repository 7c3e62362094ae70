package control

import (
	"bytes"
	"encoding/json"

	"github.com/hearth-faas/hearth/core"
)

// input returns what /run and /init get: parameters overlaid with the
// payload, and those parameters marked Init that the payload does not name.
// An array as payload replaces all parameters.
func input(params core.Params, payload core.JSON) (core.JSON, core.Params, error) {
	keys, err := keysOf(payload)
	if err != nil {
		return nil, nil, err
	}
	var env core.Params
	var b bytes.Buffer
	b.WriteByte('{')
	for _, param := range params {
		if _, named := keys[param.Key]; named {
			continue
		}
		if param.Init {
			env = append(env, param)
			continue
		}
		key, err := json.Marshal(param.Key)
		if err != nil {
			return nil, nil, err
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(param.Value)
	}
	body := bytes.TrimSpace(payload)
	switch {
	case isArray(body), len(body) > 0 && b.Len() == 1:
		return core.JSON(body), env, nil
	case len(keys) == 0:
		b.WriteByte('}')
	default: // the payload's own text, without its first brace
		b.WriteByte(',')
		b.Write(body[1:])
	}
	return b.Bytes(), env, nil
}

// immutable returns an Error of KindInvalid when the action is final and the
// payload names a parameter that has a value.
func immutable(action *core.Action, payload core.JSON) error {
	if !action.Annotations.Truthy("final") {
		return nil
	}
	keys, err := keysOf(payload)
	if err != nil {
		return err
	}
	for _, param := range action.Params {
		if _, named := keys[param.Key]; named && string(bytes.TrimSpace(param.Value)) != "null" {
			return core.Errorf(core.KindInvalid, "Request defines parameters that are not allowed (e.g., reserved properties).")
		}
	}
	return nil
}

// keysOf returns the members of a JSON object, none of nothing or an array.
func keysOf(payload core.JSON) (map[string]core.JSON, error) {
	body := bytes.TrimSpace(payload)
	if len(body) == 0 || isArray(body) || string(body) == "null" {
		return nil, nil
	}
	var keys map[string]core.JSON
	if err := json.Unmarshal(body, &keys); err != nil {
		return nil, core.Errorf(core.KindInvalid, "The payload is not a JSON object.")
	}
	return keys, nil
}

func isArray(body []byte) bool { return len(body) > 0 && body[0] == '[' }

// union returns the members of the objects in one, later ones win.
func union(objects ...core.JSON) (core.JSON, error) {
	merged := map[string]core.JSON{}
	for _, o := range objects {
		keys, err := keysOf(o)
		if err != nil {
			return nil, err
		}
		for k, v := range keys {
			merged[k] = v
		}
	}
	return json.Marshal(merged)
}

// failure is the result {"error": text}.
func failure(text string) core.JSON {
	b, _ := json.Marshal(map[string]string{"error": text})
	return b
}

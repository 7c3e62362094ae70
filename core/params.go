package core

import (
	"bytes"
	"encoding/json"
)

// Param is one parameter or annotation. Value is JSON, kept as the client
// sent it.
type Param struct {
	Key   string
	Value json.RawMessage
	// Init sends the parameter to the container once, as an environment
	// variable at /init, instead of in every call.
	Init bool
	// Encryption names the cipher with which the value is sealed at rest;
	// empty for a value in the clear.
	Encryption string
}

// Params is an ordered list of parameters or annotations with unique keys.
type Params []Param

// Get returns the value of key.
func (p Params) Get(key string) (json.RawMessage, bool) {
	for i := range p {
		if p[i].Key == key {
			return p[i].Value, true
		}
	}
	return nil, false
}

// Truthy says whether key is present with a value that OpenWhisk counts as
// true: true, a number other than 0, a string, array or object with content.
func (p Params) Truthy(key string) bool {
	v, ok := p.Get(key)
	return ok && truthy(v)
}

// IsTrue says whether key is present with the JSON value true.
func (p Params) IsTrue(key string) bool {
	v, ok := p.Get(key)
	return ok && string(bytes.TrimSpace(v)) == "true"
}

// String returns the value of key when it is a JSON string, "" otherwise.
func (p Params) String(key string) string {
	v, _ := p.Get(key)
	var s string
	if json.Unmarshal(v, &s) != nil {
		return ""
	}
	return s
}

// With returns a copy in which key has the value: replaced in place, or
// appended.
func (p Params) With(key string, value json.RawMessage) Params {
	return p.Merge(Params{{Key: key, Value: value}})
}

// Without returns a copy that lacks the keys.
func (p Params) Without(keys ...string) Params {
	out := make(Params, 0, len(p))
	for _, param := range p {
		drop := false
		for _, key := range keys {
			drop = drop || param.Key == key
		}
		if !drop {
			out = append(out, param)
		}
	}
	return out
}

// Merge returns p overlaid with over: the later value of a key wins, the
// place of its first mention is kept.
func (p Params) Merge(over Params) Params {
	out := make(Params, 0, len(p)+len(over))
	at := make(map[string]int, len(p)+len(over))
	for _, list := range []Params{p, over} {
		for _, param := range list {
			if i, ok := at[param.Key]; ok {
				out[i] = param
				continue
			}
			at[param.Key] = len(out)
			out = append(out, param)
		}
	}
	return out
}

// Size is the number of bytes of all keys and compact JSON values, which is
// what OpenWhisk's size limit of parameters and annotations counts.
func (p Params) Size() int {
	n := 0
	for _, param := range p {
		n += len(param.Key)
		var b bytes.Buffer
		if json.Compact(&b, param.Value) == nil {
			n += b.Len()
		} else {
			n += len(param.Value)
		}
	}
	return n
}

func truthy(v json.RawMessage) bool {
	var x any
	if json.Unmarshal(v, &x) != nil {
		return false
	}
	switch x := x.(type) {
	case bool:
		return x
	case float64:
		return x != 0
	case string:
		return x != ""
	case []any:
		return len(x) > 0
	case map[string]any:
		return len(x) > 0
	}
	return false
}

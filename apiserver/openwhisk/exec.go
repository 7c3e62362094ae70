package openwhisk

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/runtime/kinds"
)

// An image reference as Docker takes it: registry and path, tag, digest.
var image = regexp.MustCompile(`\A[a-zA-Z0-9][\w.-]*(:\d+)?(/[\w.-]+)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?\z`)

// parseExec reads the exec of an action. Components of a sequence that name
// the namespace "_" mean self.
func parseExec(raw json.RawMessage, manifest *kinds.Manifest, self string) (*core.Exec, error) {
	var o object
	if json.Unmarshal(raw, &o) != nil || o == nil {
		return nil, malformed("'exec' must be an object")
	}
	kind, ok, err := o.text("kind", "'kind' must be a string defined in 'exec'")
	if err != nil || !ok {
		return nil, malformed("'kind' must be a string defined in 'exec'")
	}
	kind = strings.ToLower(strings.TrimSpace(kind))
	switch kind {
	case core.KindSequence:
		return parseSequence(o, self)
	case core.KindBlackbox:
		return parseBlackbox(o)
	}
	return parseManaged(o, kind, manifest)
}

func parseSequence(o object, self string) (*core.Exec, error) {
	raw, ok := o.has("components")
	if !ok {
		return nil, malformed("'components' must be defined for sequence kind")
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		return nil, malformed("'components' must be an array")
	}
	exec := &core.Exec{Kind: core.KindSequence, Components: make([]core.Name, 0, len(items))}
	for _, item := range items {
		n, err := parseFQN(item, self)
		if err != nil {
			return nil, err
		}
		exec.Components = append(exec.Components, n)
	}
	return exec, nil
}

func parseBlackbox(o object) (*core.Exec, error) {
	const want = "'image' must be a string defined in 'exec' for 'blackbox' actions"
	ref, ok, err := o.text("image", want)
	if err != nil || !ok {
		return nil, malformed(want)
	}
	if !image.MatchString(ref) {
		return nil, malformed("could not parse image name")
	}
	exec := &core.Exec{Kind: core.KindBlackbox, Image: ref}
	code, _, err := o.text("code", "'code' must be a string or attachment object defined in 'exec' for 'blackbox' actions")
	if err != nil {
		return nil, err
	}
	exec.Code, exec.Binary = []byte(code), isBase64(code)
	exec.Main, _, err = o.text("main", "'main' must be a string defined in 'exec' for 'blackbox' actions")
	return exec, err
}

func parseManaged(o object, name string, manifest *kinds.Manifest) (*core.Exec, error) {
	kind, ok := manifest.Resolve(name)
	if !ok {
		return nil, malformed("The specified runtime '" + name + "' is not supported by this platform. Valid values are: " +
			"'" + strings.Join(manifest.Names(), "', '") + "'.")
	}
	if kind.Deprecated {
		return nil, deprecated(kind.Name)
	}
	wantCode := "'code' must be a string or attachment object defined in 'exec' for '" + kind.Name + "' actions"
	code, ok, err := o.text("code", wantCode)
	if err != nil || !ok {
		return nil, malformed(wantCode)
	}
	wantMain := "'main' must be a string defined in 'exec' for '" + kind.Name + "' actions"
	main, ok, err := o.text("main", wantMain)
	if err != nil || kind.RequireMain && !ok {
		return nil, malformed(wantMain)
	}
	return &core.Exec{Kind: kind.Name, Code: []byte(code), Binary: isBase64(code), Main: main}, nil
}

// text reads an optional string; want is the error of anything else.
func (o object) text(key, want string) (string, bool, error) {
	raw, ok := o.has(key)
	if !ok {
		return "", false, nil
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "", false, malformed(want)
	}
	return s, true, nil
}

func deprecated(kind string) error {
	return badRequest("The '" + kind + "' runtime is no longer supported. You may read and delete but not update or invoke this action.")
}

// isBase64 is OpenWhisk's test for binary code, which takes the source text
// "main" for binary too: it looks at characters and length only.
func isBase64(code string) bool {
	code = strings.TrimSpace(code)
	if code == "" || len(code)%4 != 0 {
		return false
	}
	body := code
	for range 2 {
		body = strings.TrimSuffix(body, "=")
	}
	for i := range len(body) {
		c := body[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '+', c == '/':
		default:
			return false
		}
	}
	return true
}

package stack

import (
	"bytes"
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Append adds a function to the text of a stack file, and leaves the rest of
// it as it is, comments and variables included. Of the function only what a
// new one has is written: lang, handler and image. An empty text becomes a
// file for that gateway. A function of that name must not be there.
func Append(text []byte, gateway, name string, f Function) ([]byte, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		text = fmt.Appendf(nil, "version: 1.0\nprovider:\n  name: %s\n  gateway: %s\nfunctions: {}\n", provider, gateway)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	if len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("it is not a stack file")
	}
	functions, err := functionsOf(document.Content[0])
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(functions.Content); i += 2 {
		if functions.Content[i].Value == name {
			return nil, fmt.Errorf("function %s is there already", name)
		}
	}
	functions.Style = 0 // no braces
	functions.Content = append(functions.Content, scalar(name), mapping(
		scalar("lang"), scalar(f.Lang), scalar("handler"), scalar(f.Handler), scalar("image"), scalar(f.Image)))
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(&document), encoder.Close()); err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return out.Bytes(), nil
}

// functionsOf returns the mapping of functions, which it adds if there is
// none.
func functionsOf(file *yaml.Node) (*yaml.Node, error) {
	for i := 0; i < len(file.Content); i += 2 {
		if file.Content[i].Value != "functions" {
			continue
		}
		value := file.Content[i+1]
		if value.Tag == "!!null" {
			*value = *mapping()
		}
		if value.Kind != yaml.MappingNode {
			return nil, errors.New("its functions are not a mapping")
		}
		return value, nil
	}
	functions := mapping()
	file.Content = append(file.Content, scalar("functions"), functions)
	return functions, nil
}

func scalar(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

func mapping(content ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: content}
}

package stack

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// Substitute replaces variables by their values, as envsubst does: ${NAME},
// and ${NAME:-other} or ${NAME:=other} with what stands for a variable that is
// empty or not set; without the colon, only for one that is not set. An unset
// one without another value becomes nothing. "$${" is "${", and any other "$"
// itself. Comments are left alone.
func Substitute(text []byte, lookup func(name string) (value string, ok bool)) ([]byte, error) {
	var out bytes.Buffer
	for i, line := range bytes.SplitAfter(text, []byte("\n")) {
		if bytes.HasPrefix(bytes.TrimSpace(line), []byte("#")) {
			out.Write(line)
			continue
		}
		if err := substitute(&out, string(line), lookup); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return out.Bytes(), nil
}

func substitute(out *bytes.Buffer, line string, lookup func(string) (string, bool)) error {
	for {
		before, rest, found := strings.Cut(line, "${")
		if !found {
			out.WriteString(line)
			return nil
		}
		if escaped, ok := strings.CutSuffix(before, "$"); ok {
			out.WriteString(escaped + "${")
			line = rest
			continue
		}
		out.WriteString(before)
		expression, after, closed := strings.Cut(rest, "}")
		if !closed {
			return fmt.Errorf("${%s is not closed", strings.TrimSpace(expression))
		}
		value, err := evaluate(expression, lookup)
		if err != nil {
			return err
		}
		out.WriteString(value)
		line = after
	}
}

func evaluate(expression string, lookup func(string) (string, bool)) (string, error) {
	part := variable().FindStringSubmatch(expression)
	if part == nil {
		return "", fmt.Errorf("${%s} is not understood: write ${NAME} or ${NAME:-default}", expression)
	}
	value, set := lookup(part[1])
	switch operator, other := part[2], part[3]; {
	case operator == "", set && value != "":
		return value, nil
	case set && !strings.HasPrefix(operator, ":"):
		return "", nil
	default:
		return other, nil
	}
}

// variable is a name, and perhaps an operator and another value.
func variable() *regexp.Regexp {
	return regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-=])(.*))?$`)
}

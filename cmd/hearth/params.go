package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
)

// separator joins the two words of a pair on their way through the parser; no
// argument of a program can contain it.
const separator = "\x00"

// pairs joins "--param KEY VALUE" to one argument, since the parser knows
// only flags of one. The words after "--" are left alone.
func pairs(args []string) []string {
	out := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case "--":
			return append(out, args[i:]...)
		case "-p", "--param", "-a", "--annotation":
			if i+2 < len(args) {
				out = append(out, long(args[i])+"="+args[i+1]+separator+args[i+2])
				i += 2
				continue
			}
		}
		out = append(out, args[i])
	}
	return out
}

func long(flag string) string {
	switch flag {
	case "-p":
		return "--param"
	case "-a":
		return "--annotation"
	}
	return flag
}

// pair is a parameter or annotation as typed: a key, and a value that is JSON
// if it reads as JSON, text otherwise.
type pair struct {
	key   string
	value json.RawMessage
}

// Decode reads a pair.
func (p *pair) Decode(ctx *kong.DecodeContext) error {
	var word string
	if err := ctx.Scan.PopValueInto("key and value", &word); err != nil {
		return err
	}
	key, value, ok := strings.Cut(word, separator)
	if !ok {
		return fmt.Errorf("want a key and a value, got %q", word)
	}
	*p = pair{key, jsonOf(value)}
	return nil
}

func jsonOf(value string) json.RawMessage {
	if json.Valid([]byte(value)) {
		return json.RawMessage(value)
	}
	b, _ := json.Marshal(value) // a string never fails
	return b
}

// parameters are the flags of commands that take parameters.
type parameters struct {
	Param     []pair   `short:"p" sep:"none" placeholder:"KEY VALUE" help:"A parameter; the value is JSON if it reads as such."`
	ParamFile []string `short:"P" sep:"none" placeholder:"FILE" help:"A file with a JSON object of parameters; - reads standard input."`
}

// object returns the parameters as one object; files first, so that a flag
// overrides what a file says.
func (f parameters) object(p *program) (map[string]json.RawMessage, error) {
	all := map[string]json.RawMessage{}
	for _, name := range f.ParamFile {
		read, err := p.file(name)
		if err != nil {
			return nil, fmt.Errorf("read parameters: %w", err)
		}
		if err := json.Unmarshal(read, &all); err != nil {
			return nil, usagef("%s is no JSON object: %v", name, err)
		}
	}
	for _, one := range f.Param {
		all[one.key] = one.value
	}
	return all, nil
}

// list returns the parameters as entities keep them.
func (f parameters) list(p *program) ([]client.KeyValue, error) {
	all, err := f.object(p)
	if err != nil {
		return nil, err
	}
	return sorted(all), nil
}

// file reads a file, or standard input for "-".
func (p *program) file(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(p.stdin)
	}
	return os.ReadFile(name)
}

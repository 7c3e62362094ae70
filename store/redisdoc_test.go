package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// keyFiles are the sources that name keys of ours in Redis.
func keyFiles() []string {
	return []string{"keys.go", "../migrations/migrations.go", "../migrations/lock.go", "../queue/doorbell.go"}
}

// internal are names in the sources that are parts of keys.
func internal() []string { return []string{"prefix", "tagged", "entityPrefix", "activationPrefix"} }

var docRow = regexp.MustCompile("(?m)^\\| `([^`]+)`(?: \\+ \\w+)? \\| `(\\w+)` \\|")

// TestEveryKeyIsDocumented compares docs/redis.md with the sources, both
// ways: the name of each constant or function, and the key that it makes.
func TestEveryKeyIsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/redis.md")
	must(t, err)
	documented := map[string]string{}
	for _, row := range docRow.FindAllStringSubmatch(string(text), -1) {
		documented[row[2]] = row[1]
	}
	declared := map[string]string{}
	for _, file := range keyFiles() {
		maps.Copy(declared, keysOf(t, file))
	}
	for _, name := range internal() {
		if declared[name] == "" {
			t.Errorf("%s is not declared any more", name)
		}
		delete(declared, name)
	}
	for name, key := range declared {
		if documented[name] != key {
			t.Errorf("%s: docs/redis.md has %q, the source %q", name, documented[name], key)
		}
	}
	for name := range documented {
		if _, ok := declared[name]; !ok {
			t.Errorf("%s is in docs/redis.md and not in the source", name)
		}
	}
	if len(declared) < 20 {
		t.Errorf("found only %v", slices.Collect(maps.Keys(declared)))
	}
}

// keysOf returns the constants and functions of a file that make keys, with
// the parameters of functions in angle brackets.
func keysOf(t *testing.T, path string) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	must(t, err)
	e := keyEval{consts: map[string]ast.Expr{}, funcs: map[string]*ast.FuncDecl{}}
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			e.funcs[d.Name.Name] = d
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok && d.Tok == token.CONST && len(v.Values) == 1 {
					e.consts[v.Names[0].Name] = v.Values[0]
				}
			}
		}
	}
	keys := map[string]string{}
	keep := func(name string, key string, ok bool) {
		if ok && strings.HasPrefix(key, "hearth:") {
			keys[name] = key
		}
	}
	for name, expr := range e.consts {
		key, ok := e.eval(expr, nil)
		keep(name, key, ok)
	}
	for name, f := range e.funcs {
		key, ok := e.call(f, nil)
		keep(name, key, ok)
	}
	return keys
}

// keyEval evaluates expressions that put strings together.
type keyEval struct {
	consts map[string]ast.Expr
	funcs  map[string]*ast.FuncDecl
}

// call returns what a function of one return statement makes of args, or of
// its own parameters when there are none.
func (e keyEval) call(f *ast.FuncDecl, args []string) (string, bool) {
	if f.Recv != nil || f.Body == nil || len(f.Body.List) != 1 {
		return "", false
	}
	ret, ok := f.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(ret.Results) != 1 {
		return "", false
	}
	env := map[string]string{}
	for _, field := range f.Type.Params.List {
		for _, param := range field.Names {
			env[param.Name] = "<" + param.Name + ">"
			if len(env) <= len(args) {
				env[param.Name] = args[len(env)-1]
			}
		}
	}
	return e.eval(ret.Results[0], env)
}

func (e keyEval) eval(expr ast.Expr, env map[string]string) (string, bool) {
	switch x := expr.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(x.Value)
		return s, err == nil && x.Kind == token.STRING
	case *ast.Ident:
		if s, ok := env[x.Name]; ok {
			return s, true
		}
		if c, ok := e.consts[x.Name]; ok {
			return e.eval(c, nil)
		}
	case *ast.BinaryExpr:
		a, ok := e.eval(x.X, env)
		b, also := e.eval(x.Y, env)
		return a + b, ok && also && x.Op == token.ADD
	case *ast.CallExpr:
		name, ok := x.Fun.(*ast.Ident)
		if !ok {
			return "", false
		}
		var args []string
		for _, arg := range x.Args {
			s, ok := e.eval(arg, env)
			if !ok {
				return "", false
			}
			args = append(args, s)
		}
		if f, ok := e.funcs[name.Name]; ok {
			return e.call(f, args)
		}
		if name.Name == "string" && len(args) == 1 {
			return args[0], true
		}
	}
	return "", false
}

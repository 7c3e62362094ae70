package runtimetest_test

import (
	"cmp"
	_ "embed"
)

var (
	//go:embed testdata/action.js
	actionJS string
	//go:embed testdata/action.py
	actionPython string
	//go:embed testdata/action.go.txt
	actionGo string
	//go:embed testdata/action.rb
	actionRuby string
	//go:embed testdata/action.php
	actionPHP string
	//go:embed testdata/action.java.txt
	actionJava string
	//go:embed testdata/action.sh
	actionShell string
)

// source is the suite's actions in one language.
type source struct {
	// code does what its parameter "do" says.
	code string
	main string // its entry point; "" means "main"
	// throwStatus is the status of an exception: 200 where the runtime makes
	// it an error of the action.
	throwStatus int
	// zip is the files of an action that greets, with an entry point that is
	// called zipMain.
	zip     map[string]string
	zipMain string
}

func (s source) value() map[string]any {
	return map[string]any{"name": "test", "main": cmp.Or(s.main, "main"), "code": s.code, "binary": false}
}

var sources = map[string]source{
	"nodejs": {
		code:        actionJS,
		throwStatus: 502,
		zip: map[string]string{
			"package.json":                    `{"main": "lib/greet.js"}`,
			"lib/greet.js":                    `exports.hi = ({name}) => ({greeting: require("hello")(name)})`,
			"node_modules/hello/index.js":     `module.exports = (name) => "hello " + name`,
			"node_modules/hello/package.json": `{"name": "hello", "version": "1.0.0"}`,
		},
		zipMain: "hi",
	},
	"python": {
		code:        actionPython,
		throwStatus: 200,
		zip: map[string]string{
			"__main__.py":           "from greet.words import hello\nfrom venvmodule import mark\ndef hi(args):\n    return {'greeting': hello + ' ' + args['name']}\n",
			"greet/__init__.py":     "",
			"greet/words.py":        "hello = 'hello'\n",
			"virtualenv/bin/python": "",
			"virtualenv/lib/python3.9/site-packages/venvmodule.py": "mark = 1\n",
		},
		zipMain: "hi",
	},
	"go": {
		code:        actionGo,
		throwStatus: 200,
		zip: map[string]string{
			"go.mod": "module example.com/greet\n\ngo 1.24\n",
			"main.go": "package main\n\nimport \"example.com/greet/words\"\n\ntype in struct{ Name string }\ntype out struct{ Greeting string `json:\"greeting\"` }\n\n" +
				"func Hi(i in) (out, error) { return out{words.Hello + \" \" + i.Name}, nil }\n",
			"words/words.go": "package words\n\nconst Hello = \"hello\"\n",
		},
		zipMain: "hi",
	},
	"ruby": {
		code:        actionRuby,
		throwStatus: 200,
		zip: map[string]string{
			"main.rb":        "require 'greet/words'\ndef hi(args) = { greeting: \"#{HELLO} #{args['name']}\" }\n",
			"greet/words.rb": "HELLO = 'hello'\n",
		},
		zipMain: "hi",
	},
	"php": {
		code:        actionPHP,
		throwStatus: 200,
		zip: map[string]string{
			"index.php":           "<?php\nfunction hi(array $args) { return ['greeting' => Words\\HELLO . ' ' . $args['name']]; }\n",
			"vendor/autoload.php": "<?php\nnamespace Words;\nconst HELLO = 'hello';\n",
		},
		zipMain: "hi",
	},
	"java": {
		code:        actionJava,
		main:        "Main",
		throwStatus: 200,
		// The suite makes no jar; TestJar does.
	},
	"native": {
		code:        actionShell,
		throwStatus: 502,
		zip: map[string]string{
			"exec":  "#!/bin/sh\ncd \"$(dirname \"$0\")\" && . ./words && echo some log && jq -cn --arg h \"$hello\" --argjson p \"$1\" '{greeting: ($h + \" \" + $p.name)}'\n",
			"words": "hello=hello\n",
		},
		zipMain: "main",
	},
}

// Proxy is the first process of every runtime image: it listens for the
// platform, runs the action, and keeps the container contract between them.
//
// It listens on the unix socket HEARTH_SOCKET, or else on TCP port 8080.
// HEARTH_MODE says how the action runs: "actionloop" (the default), "native",
// or "fork" and "http" for functions that keep the watchdog contract.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	logpkg "log"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/hearth-faas/hearth/runtime/proxy/actionloop"
	"github.com/hearth-faas/hearth/runtime/proxy/native"
	"github.com/hearth-faas/hearth/runtime/proxy/reap"
	"github.com/hearth-faas/hearth/runtime/proxy/sentinel"
	"github.com/hearth-faas/hearth/runtime/proxy/watchdog"
	"github.com/hearth-faas/hearth/runtime/proxy/wire"
)

// version is set by the linker.
var version = "dev"

func main() {
	if err := run(context.Background(), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run is the program. Its flags are those of OpenWhisk's actionloop proxy.
func run(ctx context.Context, args, environ []string, in io.Reader, out, errs io.Writer) error {
	flags := flag.NewFlagSet("proxy", flag.ContinueOnError)
	flags.SetOutput(errs)
	showVersion := flags.Bool("version", false, "print the version")
	debug := flags.Bool("debug", os.Getenv("OW_DEBUG") != "", "print what the proxy does")
	main := flags.String("compile", "", "compile the action on stdin, whose entry point is `main`, to a zip file on stdout")
	env := flags.String("env", "", "variables for -compile, as a `JSON` object")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if *showVersion {
		_, err := fmt.Fprintln(out, "Hearth runtime proxy", version)
		return err
	}
	level := slog.LevelError
	if *debug {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: level}))
	reaper := reap.New()
	if *main != "" {
		return compile(*main, *env, environ, reaper, log, in, out)
	}
	if os.Getpid() == 1 {
		go reaper.Run(ctx)
	}
	failed := make(chan error, 1)
	f, err := choose(environ, reaper, log, failed)
	if err != nil {
		return err
	}
	return serve(ctx, variable(environ, "HEARTH_SOCKET"), f, failed, log)
}

// compile is the flag -compile.
func compile(main, env string, environ []string, r *reap.Reaper, log *slog.Logger, in io.Reader, out io.Writer) error {
	var request wire.Init
	if env != "" {
		if err := json.Unmarshal([]byte(env), &request.Env); err != nil {
			return fmt.Errorf("read the flag -env: %w", err)
		}
	}
	code, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("read the action: %w", err)
	}
	dir, err := os.MkdirTemp("", "compile")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	config := actionloop.ConfigFrom(environ)
	config.Dir = dir
	return actionloop.New(config, r, sentinel.Standard(), log).Compile(out, code, main, request.Environ())
}

// choose makes the function that HEARTH_MODE asks for. One that cannot go on
// says so on failed.
func choose(environ []string, r *reap.Reaper, log *slog.Logger, failed chan<- error) (function, error) {
	switch mode := variable(environ, "HEARTH_MODE"); mode {
	case "", "actionloop":
		p := actionloop.New(actionloop.ConfigFrom(environ), r, sentinel.Standard(), log)
		p.Prepare()
		return p, nil
	case "native":
		config := actionloop.ConfigFrom(environ)
		return native.New(filepath.Join(config.Dir, "native"), variable(environ, "HEARTH_EXEC"), config.Environ, r, sentinel.Standard()), nil
	case "fork", "http":
		config, err := watchdog.ConfigFrom(environ, mode)
		if err != nil {
			return nil, err
		}
		if mode == "fork" {
			return watchdog.NewFork(config, r, logpkg.New(os.Stderr, "", logpkg.LstdFlags)), nil
		}
		return watchdog.StartUpstream(config, r, func(err error) { failed <- err })
	default:
		return nil, fmt.Errorf("HEARTH_MODE %q is none that this proxy has", mode)
	}
}

// variable returns the value of an environment variable, or "". The last one
// of its name counts.
func variable(environ []string, name string) string {
	for _, kv := range slices.Backward(environ) {
		if len(kv) > len(name) && kv[len(name)] == '=' && kv[:len(name)] == name {
			return kv[len(name)+1:]
		}
	}
	return ""
}

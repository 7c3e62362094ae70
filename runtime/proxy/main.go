// Proxy is the first process of every runtime image: it listens for the
// platform, runs the action, and keeps the container contract between them.
//
// It listens on the unix socket HEARTH_SOCKET, or else on TCP port 8080.
// HEARTH_MODE says how the action runs: "actionloop" (the default), "native",
// or "watchdog" for functions of OpenFaaS, whose own variables say the rest.
// Under the name "fwatchdog" it is a watchdog by default.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/hearth-faas/hearth/runtime/proxy/actionloop"
	"github.com/hearth-faas/hearth/runtime/proxy/native"
	"github.com/hearth-faas/hearth/runtime/proxy/reap"
	"github.com/hearth-faas/hearth/runtime/proxy/sentinel"
	"github.com/hearth-faas/hearth/runtime/proxy/wire"
)

// version is set by the linker.
var version = "dev"

func main() {
	if err := run(context.Background(), os.Args, os.Environ(), os.Stdin, os.Stdout, os.Stderr); err != nil {
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
	healthcheck := flags.Bool("run-healthcheck", false, "end with 0 if the function of this container is healthy")
	if err := flags.Parse(args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if *showVersion {
		_, err := fmt.Fprintln(out, "Hearth runtime proxy", version)
		return err
	}
	if *healthcheck {
		return checkHealth()
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
	if socket := variable(environ, "HEARTH_SOCKET"); socket != "" {
		if err := redirect(filepath.Dir(socket)); err != nil {
			return err
		}
	}
	return start(ctx, filepath.Base(args[0]), environ, reaper, log)
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

// start serves in the mode that HEARTH_MODE asks for, or the program's name.
func start(ctx context.Context, name string, environ []string, r *reap.Reaper, log *slog.Logger) error {
	mode := variable(environ, "HEARTH_MODE")
	if mode == "" && name == "fwatchdog" {
		mode = "watchdog"
	}
	s := &server{socket: variable(environ, "HEARTH_SOCKET"), port: "8080", drain: drainTime, log: log}
	config := actionloop.ConfigFrom(environ)
	switch mode {
	case "", "actionloop":
		p := actionloop.New(config, r, sentinel.Standard(), log)
		p.Prepare()
		s.function = p
	case "native":
		s.function = native.New(filepath.Join(config.Dir, "native"), variable(environ, "HEARTH_EXEC"), config.Environ, r, sentinel.Standard())
	case "watchdog":
		return watch(ctx, environ, "", r, log)
	case "fork", "serializing", "streaming", "http", "static":
		return watch(ctx, environ, mode, r, log)
	default:
		return fmt.Errorf("HEARTH_MODE %q is none that this proxy has", mode)
	}
	return s.run(ctx, make(chan error, 1))
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

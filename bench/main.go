// Command bench measures a platform on this machine: it starts one on a
// private Redis and on Docker, calls it, and sets each figure beside that of a
// direct call to the same container, made in the same run.
//
//	go run ./bench [--only REGEXP] [--json FILE] [--list] [SCENARIO]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"

	"github.com/hearth-faas/hearth/bench/report"
)

// settings are the flags.
type settings struct {
	only *regexp.Regexp
	json string
	list bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func parse(args []string, errout io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(errout)
	only := flags.String("only", "", "run only the scenarios whose name matches this expression")
	flags.StringVar(&s.json, "json", "", "also write the report as JSON to this file")
	flags.BoolVar(&s.list, "list", false, "list the scenarios and end")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	switch {
	case flags.NArg() > 1 || flags.NArg() == 1 && *only != "":
		return s, fmt.Errorf("unexpected argument %q", flags.Arg(flags.NArg()-1))
	case flags.NArg() == 1:
		*only = "^" + regexp.QuoteMeta(flags.Arg(0)) + "$"
	}
	var err error
	if s.only, err = regexp.Compile(*only); err != nil {
		return s, fmt.Errorf("--only: %w", err)
	}
	return s, nil
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	s, err := parse(args, progress)
	if err != nil {
		return err
	}
	chosen := choose(scenarios(), s.only)
	if s.list {
		for _, sc := range chosen {
			fmt.Fprintf(out, "%-14s %s\n", sc.name, sc.what)
		}
		return nil
	}
	if len(chosen) == 0 {
		return errors.New("no scenario of that name; see --list")
	}
	r, err := measure(ctx, chosen, progress)
	if err != nil {
		return err
	}
	return publish(r, s.json, out)
}

// publish prints the table, and writes the JSON where it is wanted.
func publish(r *report.Report, path string, out io.Writer) error {
	if err := r.WriteTable(out); err != nil {
		return err
	}
	if path == "" {
		return nil
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("create report: %w", err)
	}
	return errors.Join(r.WriteJSON(f), f.Close())
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/alecthomas/kong"

	"github.com/hearth-faas/hearth/core"
)

// The exit codes of the program.
const (
	exitOK      = 0
	exitFailed  = 1 // the platform or the action said no
	exitUsage   = 2 // the command line or the environment makes no sense
	exitPending = 3 // the call was accepted, its end did not come in time
)

// program is the whole program, so that a test can start it.
type program struct {
	env            environment
	stdin          io.Reader
	stdout, stderr io.Writer
}

// grammar is the command line.
type grammar struct {
	Up         upCommand         `cmd:"" help:"Run the whole platform in this process."`
	Apiserver  apiserverCommand  `cmd:"" help:"Serve the APIs."`
	Worker     workerCommand     `cmd:"" help:"Run actions in containers of this machine."`
	Triggers   triggersCommand   `cmd:"" help:"Turn events into activations."`
	Migrate    migrateCommand    `cmd:"" help:"Bring the stored data to the form of this version."`
	Reseal     resealCommand     `cmd:"" help:"Seal what Redis holds again, with the first of the sealing keys."`
	Doctor     doctorCommand     `cmd:"" help:"Check this machine and Redis."`
	Namespace  namespaceCommand  `cmd:"" help:"Manage namespaces and their keys, in Redis."`
	Action     actionCommand     `cmd:"" help:"Manage and invoke actions."`
	Function   functionCommand   `cmd:"" help:"Manage functions, as clients of OpenFaaS do."`
	Invoke     invokeCommand     `cmd:"" help:"Invoke an action."`
	Activation activationCommand `cmd:"" help:"Look at activations."`
	Deadletter deadLetterCommand `cmd:"" name:"deadletter" help:"Look at activations that the platform failed, and run them again."`
	Logs       logsCommand       `cmd:"" help:"Show the logs of an activation or an action."`
	Package    packageCommand    `cmd:"" help:"Manage packages and bindings."`
	Trigger    triggerCommand    `cmd:"" help:"Manage and fire triggers."`
	Rule       ruleCommand       `cmd:"" help:"Manage rules."`
	Callback   callbackCommand   `cmd:"" help:"See what became of callbacks."`
	Webhook    webhookCommand    `cmd:"" help:"Look at webhooks and what came to them."`

	Version versionCommand `cmd:"" help:"Print the version."`
}

// exit ends the parsing early, as --help does.
type exit int

// errPending says that a call was accepted and its end did not come in time;
// its id has been printed.
var errPending = errors.New("not finished yet")

// errAction says that an action ended with an error, which has been printed.
var errAction = errors.New("the action failed")

// run parses args and runs the command; it returns the exit code.
func (p *program) run(ctx context.Context, args []string) (code int) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case exit:
			code = int(r)
		default:
			panic(r)
		}
	}()
	parser, err := p.parser(ctx)
	if err != nil {
		fmt.Fprintf(p.stderr, "hearth: %v\n", err)
		return exitUsage
	}
	command, err := parser.Parse(pairs(args))
	if err != nil {
		fmt.Fprintf(p.stderr, "hearth: %v\n", err)
		return exitUsage
	}
	return p.end(command.Run())
}

func (p *program) parser(ctx context.Context) (*kong.Kong, error) {
	return kong.New(&grammar{},
		kong.Name("hearth"),
		kong.Description("A serverless platform for Docker hosts. Functions stay warm on the hearth.\n\n"+
			"Every setting is a flag, and an environment variable HEARTH_<FLAG>."),
		kong.Writers(p.stdout, p.stderr),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Resolvers(p.env),
		kong.Bind(p),
		kong.BindTo(ctx, (*context.Context)(nil)),
		p.vars(),
	)
}

// vars are the defaults that are not known before the program runs.
func (p *program) vars() kong.Vars {
	rates := core.DefaultRates()
	return kong.Vars{
		"home":        p.env.dataHome(),
		"invocations": strconv.Itoa(rates.InvocationsPerMinute),
		"fires":       strconv.Itoa(rates.FiresPerMinute),
		"concurrent":  strconv.Itoa(rates.ConcurrentInvocations),
	}
}

// end says what went wrong, and with which code the program ends.
func (p *program) end(err error) int {
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errPending):
		return exitPending
	case errors.Is(err, errAction):
		return exitFailed
	case errors.As(err, &usage):
		fmt.Fprintf(p.stderr, "hearth: %v\n", err)
		return exitUsage
	}
	fmt.Fprintf(p.stderr, "hearth: %v\n", err)
	return exitFailed
}

// usageError is a command line that parses and makes no sense.
type usageError struct{ text string }

// Error returns the sentence.
func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(p *program) error {
	_, err := fmt.Fprintln(p.stdout, "hearth", version)
	return err
}

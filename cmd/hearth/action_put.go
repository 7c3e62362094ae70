package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
	"github.com/hearth-faas/hearth/cmd/hearth/source"
)

// nativeImage runs any executable.
const nativeImage = "hearth/runtime-native:1"

// actionPut are the flags of create and update.
type actionPut struct {
	connection
	parameters
	Name       string `arg:"" help:"The action."`
	Code       string `arg:"" optional:"" help:"File or folder with its code."`
	Kind       string `help:"Runtime, such as nodejs:24; by default what the code looks like."`
	Main       string `help:"Entry point, where it is not the runtime's own."`
	Docker     string `xor:"exec" placeholder:"IMAGE" help:"An image that keeps the runtime contract."`
	Native     bool   `xor:"exec" help:"The code is an executable, or a zip with one named exec."`
	Sequence   string `xor:"exec" placeholder:"A,B" help:"Actions that run one after another."`
	Annotation []pair `short:"a" sep:"none" placeholder:"KEY VALUE" help:"An annotation; the value is JSON if it reads as such."`
	Web        string `enum:"true,false,yes,no,raw," default:"" placeholder:"HOW" help:"Make it callable without a key: true, false or raw."`
	WebSecure  string `placeholder:"SECRET" help:"Web callers must send this in X-Require-Whisk-Auth; true makes one up, false removes it."`

	Timeout     milliseconds `short:"t" placeholder:"MS" help:"Longest run, in milliseconds or as in 30s."`
	Memory      int          `short:"m" placeholder:"MB" help:"Memory of a container."`
	Logsize     int          `default:"-1" placeholder:"MB" help:"Logs kept of one activation."`
	Concurrency int          `short:"c" help:"Activations at once in one container."`
}

type actionCreate struct{ actionPut }

// Run makes an action.
func (c actionCreate) Run(ctx context.Context, p *program) error { return c.do(ctx, p, false) }

type actionUpdate struct{ actionPut }

// Run changes an action.
func (c actionUpdate) Run(ctx context.Context, p *program) error { return c.do(ctx, p, true) }

func (c actionPut) do(ctx context.Context, p *program, overwrite bool) error {
	exec, err := c.exec()
	if err != nil {
		return err
	}
	if exec == nil && !overwrite {
		return usagef("an action needs code: a file, a folder, --docker or --sequence")
	}
	params, err := c.list(p)
	if err != nil {
		return err
	}
	annotations, err := c.annotations()
	if err != nil {
		return err
	}
	body := client.Put{Exec: exec, Limits: c.limits(), Parameters: params, Annotations: annotations}
	return c.put(ctx, p, client.Actions, c.Name, body, overwrite)
}

func (c actionPut) exec() (*client.Exec, error) {
	if c.Sequence != "" {
		return sequence(c.Sequence)
	}
	exec := &client.Exec{Kind: c.Kind, Main: c.Main}
	if c.Code != "" {
		src, err := source.Read(c.Code)
		if err != nil {
			return nil, err
		}
		exec.Code, exec.Binary = &src.Code, src.Binary
		if exec.Kind == "" {
			exec.Kind = src.Kind
		}
	}
	switch {
	case c.Docker != "":
		exec.Kind, exec.Image = "blackbox", c.Docker
	case c.Native:
		exec.Kind, exec.Image = "blackbox", nativeImage
	case c.Code == "":
		return nil, nil //nolint:nilnil // an update that keeps the code
	case exec.Kind == "":
		return nil, usagef("%s does not say what it is: use --kind, --docker or --native", c.Code)
	}
	return exec, nil
}

func sequence(list string) (*client.Exec, error) {
	exec := &client.Exec{Kind: "sequence"}
	for word := range strings.SplitSeq(list, ",") {
		n, err := client.ParseName(strings.TrimSpace(word))
		if err != nil {
			return nil, usagef("%v", err)
		}
		exec.Components = append(exec.Components, n.String())
	}
	return exec, nil
}

func (c actionPut) limits() *client.Limits {
	var l client.Limits
	if c.Timeout > 0 {
		l.Timeout = new(int(c.Timeout))
	}
	if c.Memory > 0 {
		l.Memory = &c.Memory
	}
	if c.Logsize >= 0 {
		l.Logs = &c.Logsize
	}
	if c.Concurrency > 0 {
		l.Concurrency = &c.Concurrency
	}
	if l == (client.Limits{}) {
		return nil
	}
	return &l
}

// annotations are those typed, and those that --web and --web-secure stand
// for.
func (c actionPut) annotations() ([]client.KeyValue, error) {
	all := map[string]json.RawMessage{}
	for _, a := range c.Annotation {
		all[a.key] = a.value
	}
	set := func(key string, on bool) { all[key] = json.RawMessage(strconv.FormatBool(on)) }
	switch c.Web {
	case "true", "yes", "raw":
		set("web-export", true)
		set("final", true)
		set("raw-http", c.Web == "raw")
	case "false", "no":
		set("web-export", false)
		set("final", false)
		set("raw-http", false)
	}
	switch {
	case c.WebSecure == "":
	case c.Web == "" || c.Web == "false" || c.Web == "no":
		return nil, usagef("--web-secure needs --web true or raw")
	case c.WebSecure == "true":
		all["require-whisk-auth"] = jsonOf(`"` + rand.Text() + `"`)
	default:
		all["require-whisk-auth"] = jsonOf(c.WebSecure)
	}
	return sorted(all), nil
}

// milliseconds reads "500" and "30s" alike.
type milliseconds int

// UnmarshalText reads a number of milliseconds, or a duration with its unit.
func (m *milliseconds) UnmarshalText(text []byte) error {
	if n, err := strconv.Atoi(string(text)); err == nil {
		*m = milliseconds(n)
		return nil
	}
	d, err := time.ParseDuration(string(text))
	if err != nil {
		return usagef("%q is neither milliseconds nor a duration", text)
	}
	*m = milliseconds(d.Milliseconds())
	return nil
}

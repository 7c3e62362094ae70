package openwhisk

import (
	"net/http"

	"github.com/hearth-faas/hearth/core"
)

const megabyte = 1 << 20

// infoJSON is what GET / says; wskdeploy and editors read runtimes and limits.
type infoJSON struct {
	Description string                   `json:"description"`
	Support     map[string]string        `json:"support"`
	APIPaths    []string                 `json:"api_paths"`
	Limits      infoLimits               `json:"limits"`
	Runtimes    map[string][]runtimeJSON `json:"runtimes"`
}

// infoLimits: durations are milliseconds, memory and logs bytes.
type infoLimits struct {
	ActionsPerMinute  int   `json:"actions_per_minute"`
	TriggersPerMinute int   `json:"triggers_per_minute"`
	ConcurrentActions int   `json:"concurrent_actions"`
	SequenceLength    int   `json:"sequence_length"`
	DefaultMinTime    int64 `json:"default_min_action_duration"`
	DefaultMaxTime    int64 `json:"default_max_action_duration"`
	DefaultMinMemory  int   `json:"default_min_action_memory"`
	DefaultMaxMemory  int   `json:"default_max_action_memory"`
	DefaultMinLogs    int   `json:"default_min_action_logs"`
	DefaultMaxLogs    int   `json:"default_max_action_logs"`
	MinTime           int64 `json:"min_action_duration"`
	MaxTime           int64 `json:"max_action_duration"`
	MinMemory         int   `json:"min_action_memory"`
	MaxMemory         int   `json:"max_action_memory"`
	MinLogs           int   `json:"min_action_logs"`
	MaxLogs           int   `json:"max_action_logs"`
}

type runtimeJSON struct {
	Kind        string `json:"kind"`
	Image       string `json:"image"`
	Deprecated  bool   `json:"deprecated"`
	Default     bool   `json:"default"`
	Attached    bool   `json:"attached"`
	RequireMain bool   `json:"requireMain"`
}

func (d *Dialect) info(r *request) error {
	lo, hi := d.opt.Range.Min, d.opt.Range.Max
	l := infoLimits{
		ActionsPerMinute:  d.opt.Rates.InvocationsPerMinute,
		TriggersPerMinute: d.opt.Rates.FiresPerMinute,
		ConcurrentActions: d.opt.Rates.ConcurrentInvocations,
		SequenceLength:    core.MaxSequence,
		MinTime:           lo.Timeout.Milliseconds(),
		MaxTime:           hi.Timeout.Milliseconds(),
		MinMemory:         lo.Memory * megabyte,
		MaxMemory:         hi.Memory * megabyte,
		MinLogs:           lo.Logs * megabyte,
		MaxLogs:           hi.Logs * megabyte,
	}
	// A namespace has the platform's range: there are no defaults apart from it.
	l.DefaultMinTime, l.DefaultMaxTime = l.MinTime, l.MaxTime
	l.DefaultMinMemory, l.DefaultMaxMemory = l.MinMemory, l.MaxMemory
	l.DefaultMinLogs, l.DefaultMaxLogs = l.MinLogs, l.MaxLogs
	const project = "https://github.com/hearth-faas/hearth"
	return r.ok(infoJSON{
		Description: "OpenWhisk",
		Support:     map[string]string{"github": project + "/issues", "slack": project + "/discussions"},
		APIPaths:    []string{apiRoot},
		Limits:      l,
		Runtimes:    d.runtimes(),
	})
}

func (d *Dialect) runtimes() map[string][]runtimeJSON {
	out := map[string][]runtimeJSON{}
	for _, f := range d.manifest.Families() {
		for _, k := range f.Kinds {
			out[f.Name] = append(out[f.Name], runtimeJSON{
				Kind: k.Name, Image: k.Image, Deprecated: k.Deprecated, Default: k.Default,
				Attached: k.Attached, RequireMain: k.RequireMain,
			})
		}
	}
	return out
}

// apiInfoJSON is what GET /api/v1 says; wsk shows its build.
type apiInfoJSON struct {
	Description    string            `json:"description"`
	APIVersion     string            `json:"api_version"`
	APIVersionPath string            `json:"api_version_path"`
	Build          string            `json:"build"`
	BuildNumber    string            `json:"buildno"`
	SwaggerPaths   map[string]string `json:"swagger_paths"`
}

func (d *Dialect) apiInfo(r *request) error {
	allowOrigin(r.Response().Header())
	return r.ok(apiInfoJSON{
		Description: "OpenWhisk API", APIVersion: "1.0.0", APIVersionPath: "v1",
		Build: d.opt.Build, BuildNumber: d.opt.BuildNumber,
		SwaggerPaths: map[string]string{"ui": "/docs", "api-docs": "/api-docs"},
	})
}

func ping(r *request) error { return r.String(http.StatusOK, "pong") }

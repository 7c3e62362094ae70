package watchdog

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Mode is how a function is run.
type Mode string

// The modes. Classic is that of the classic watchdog, the others are
// of-watchdog's.
const (
	Classic     Mode = "classic"     // a process per request; its output is the answer, once it ended
	Serializing Mode = "serializing" // the same, and its errors are told
	Streaming   Mode = "streaming"   // a process per request, joined to the connection
	HTTP        Mode = "http"        // one process, which is a server
	Static      Mode = "static"      // no process, but files
)

// defaultTimeout is that of both watchdogs for reading, writing and, but for
// Classic, executing.
const defaultTimeout = 30 * time.Second

// Config is what the environment says, under the names that both watchdogs
// have. docs/watchdog.md describes each.
type Config struct {
	Mode Mode
	// Process is the command, split at spaces without a shell.
	Process []string
	// Upstream is where the process of mode HTTP serves.
	Upstream *url.URL
	// StaticPath is the folder of mode Static.
	StaticPath string

	// Port and MetricsPort are TCP ports; "0" is any.
	Port, MetricsPort string
	// ReadTimeout and WriteTimeout are those of the HTTP server; the latter
	// leaves time to tell that ExecTimeout is over.
	ReadTimeout, WriteTimeout time.Duration
	// ExecTimeout ends a request that takes longer; 0 means never.
	ExecTimeout time.Duration
	// HealthInterval is how long requests are still taken once the function
	// must end and says that it is not healthy.
	HealthInterval time.Duration
	// DrainTimeout is how long requests may take to end after that.
	DrainTimeout time.Duration

	// MaxInflight is how many requests may be served at once; 0 means any.
	MaxInflight int
	// ReadyPath is asked of the function when /_/ready is; "" asks nothing.
	ReadyPath string
	// SuppressLock has no lock file.
	SuppressLock bool

	ContentType   string // of answers; "" means the request's, or a guess
	CombineOutput bool   // Classic: what the process writes to stderr is in the answer
	MarshalInput  bool   // Classic: the input is JSON with headers and body
	WriteDebug    bool   // Classic: answers are logged
	DebugHeaders  bool   // Classic: headers are logged
	CGI           bool   // the request is in variables of the process
	BufferBody    bool   // HTTP: bodies are read before they are sent on

	// PrefixLogs puts date and stream before the lines that the process
	// writes; LogBuffer is the longest of them in bytes, -1 any.
	PrefixLogs bool
	LogBuffer  int
	LogCallID  bool // HTTP: the line of a request has its X-Call-Id

	// Environ is the environment of the process.
	Environ []string
}

// ConfigFrom reads the environment. mode is that of the image, or "" if the
// variable "mode" has it; without either it is Classic, which is called "fork"
// too.
func ConfigFrom(environ []string, mode string) (Config, error) {
	r := read(environ)
	c := Config{Mode: modeFrom(mode, r)}
	r.strict = c.Mode == Classic
	c.Process = strings.Fields(r.text("function_process", r.text("fprocess", "")))
	c.StaticPath = r.text("static_path", "/home/app/public")
	c.Port, c.MetricsPort = r.text("port", "8080"), r.text("metrics_port", "8081")

	c.MaxInflight = r.number("max_inflight", 0)
	c.ReadyPath = r.text("ready_path", "")
	c.SuppressLock = r.boolean("suppress_lock", false)
	c.ContentType = r.text("content_type", contentType(c.Mode))
	c.CombineOutput = r.boolean("combine_output", true)
	c.MarshalInput = r.boolean("marshal_request", false)
	c.WriteDebug = r.boolean("write_debug", false)
	c.DebugHeaders = r.boolean("debug_headers", false)
	c.CGI = r.boolean("cgi_headers", true)
	c.BufferBody = r.boolean("http_buffer_req_body", r.boolean("buffer_http", false))
	c.PrefixLogs = r.boolean("prefix_logs", true)
	c.LogBuffer = r.number("log_buffer_size", 64<<10)
	c.LogCallID = r.boolean("log_callid", false)
	c.timeouts(r)
	c.upstream(r)
	c.Environ = slices.DeleteFunc(slices.Clone(environ), func(kv string) bool { return strings.HasPrefix(kv, "HEARTH_") })
	return c, errors.Join(append(r.errs, c.check(r)...)...)
}

// modeFrom prefers the image's mode to the variable.
func modeFrom(mode string, r *reader) Mode {
	if mode == "" {
		mode = r.text("mode", string(Classic))
	}
	if mode == "fork" {
		return Classic
	}
	return Mode(mode)
}

func contentType(m Mode) string {
	if m == Serializing || m == Streaming {
		return "application/octet-stream"
	}
	return ""
}

// timeouts has the server wait longer than the function may take: who asked
// shall hear of it.
func (c *Config) timeouts(r *reader) {
	c.ReadTimeout = r.duration("read_timeout", defaultTimeout)
	c.WriteTimeout = r.duration("write_timeout", defaultTimeout)
	c.DrainTimeout = c.WriteTimeout
	c.HealthInterval = r.duration("healthcheck_interval", 0)
	limit := min(defaultTimeout, c.WriteTimeout)
	if c.Mode == Classic {
		limit = 0
	}
	c.ExecTimeout = r.duration("exec_timeout", limit)
	if c.ExecTimeout > 0 {
		c.WriteTimeout = max(c.WriteTimeout, c.ExecTimeout+time.Second)
	}
}

func (c *Config) upstream(r *reader) {
	address := r.text("http_upstream_url", r.text("upstream_url", ""))
	if c.Mode != HTTP {
		return
	}
	u, err := url.Parse(address)
	switch {
	case address == "":
		r.fail("http_upstream_url", errors.New("the address of the function's server is needed"))
	case err != nil:
		r.fail("http_upstream_url", err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		r.fail("http_upstream_url", fmt.Errorf("%q is no address of a server", address))
	}
	c.Upstream = u
}

// check finds what cannot work.
func (c *Config) check(r *reader) []error {
	var errs []error
	switch c.Mode {
	case Classic, Serializing, Streaming, HTTP, Static:
	default:
		errs = append(errs, fmt.Errorf("variable mode: %q is none of http, serializing, streaming, static", c.Mode))
	}
	if len(c.Process) == 0 && c.Mode != Static {
		errs = append(errs, errors.New("variable fprocess: the function's command is needed"))
	}
	if c.DrainTimeout <= 0 {
		errs = append(errs, errors.New("variable write_timeout: it must be more than nothing"))
	}
	if c.LogBuffer < -1 || c.LogBuffer == 0 {
		errs = append(errs, errors.New("variable log_buffer_size: it is a number of bytes, or -1"))
	}
	// A function that somebody meant to protect must not be open to all.
	if r.boolean("jwt_auth", false) {
		errs = append(errs, errors.New("variable jwt_auth: this watchdog does not check tokens"))
	}
	return errs
}

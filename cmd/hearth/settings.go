package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/apiserver/openwhisk"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store/foreign"
)

// Each struct is the settings of one part; the group is what makes a flag a
// setting, see environment.go. A new setting needs a default that is right
// for most people.

// logSettings are those of every process that serves.
type logSettings struct {
	LogLevel  string `group:"Settings" enum:"debug,info,warn,error" default:"info" help:"The least that is logged: debug, info, warn or error."`
	LogFormat string `group:"Settings" enum:"json,text" default:"json" help:"The form of the log: json or text."`
	Pprof     string `group:"Settings" placeholder:"ADDR" help:"Serve Go's profiles on an address of their own."`
}

func (s logSettings) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.LogLevel)) // one of the enum
	opt := &slog.HandlerOptions{Level: level}
	if s.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(w, opt))
	}
	return slog.New(slog.NewJSONHandler(w, opt))
}

// dataSettings say where a process keeps files.
type dataSettings struct {
	Data string `group:"Settings" placeholder:"DIR" default:"${home}/hearth" help:"The folder for what is kept on this machine (${default})."`
}

// redisSettings say where Redis is.
type redisSettings struct {
	Redis string `group:"Settings" placeholder:"URL" help:"Redis, as redis://, rediss:// or unix://; with ?master_name=, a Sentinel. By default one of its own (up), or the one on this machine."`
}

// sharedRedis is the Redis of a process that is one of several.
type sharedRedis struct{ redisSettings }

// address is where it is: by default where Redis itself listens.
func (s sharedRedis) address() string {
	if s.Redis == "" {
		return "redis://127.0.0.1:6379/0"
	}
	return s.Redis
}

// planeSettings bound what callers may do, in every process that serves them.
type planeSettings struct {
	InvocationsPerMinute  int           `group:"Limits" default:"${invocations}" help:"Calls of a namespace in a minute, where it has no value of its own (${default})."`
	FiresPerMinute        int           `group:"Limits" default:"${fires}" help:"Fired triggers of a namespace in a minute (${default})."`
	ConcurrentInvocations int           `group:"Limits" default:"${concurrent}" help:"Activations of a namespace that have not ended (${default})."`
	MaxTimeout            time.Duration `group:"Limits" default:"5m" help:"The longest run an action may ask for (${default})."`
	MaxMemory             int           `group:"Limits" default:"512" help:"The most memory an action may ask for, in MB (${default})."`
	MaxConcurrency        int           `group:"Limits" default:"200" help:"The most activations at once that an action may take in one container (${default})."`
	MaxAge                time.Duration `group:"Limits" name:"max-age" default:"1h" help:"How long an activation may wait in a queue, where neither the call nor the action says (${default})."`
	StreamAllow           []string      `group:"Limits" placeholder:"CIDR" help:"Where streams that triggers read may be, as ranges of addresses; may be given again. By default anywhere but link-local addresses."`
	StoreBlocking         string        `group:"Settings" name:"store-blocking" enum:"STORE_ALWAYS,STORE_FAILURES,STORE_FAILURES_NOT_APPLICATION_ERRORS" default:"STORE_ALWAYS" help:"Of which calls that wait records are kept: ${enum} (${default})."`
	StoreNonBlocking      string        `group:"Settings" name:"store-non-blocking" enum:"STORE_ALWAYS,STORE_FAILURES,STORE_FAILURES_NOT_APPLICATION_ERRORS" default:"STORE_ALWAYS" help:"Of which other calls records are kept (${default})."`
	UserEvents            string        `group:"Settings" enum:"off,metrics,stream" default:"off" help:"Show what actions do, as OpenWhisk's user events: their metrics, or also a stream in Redis (${default})."`
	Runtimes              string        `group:"Settings" placeholder:"FILE" help:"The runtimes manifest; by default that of this version's own images."`
}

func (s planeSettings) rates() core.Rates {
	return core.Rates{
		InvocationsPerMinute:  s.InvocationsPerMinute,
		FiresPerMinute:        s.FiresPerMinute,
		ConcurrentInvocations: s.ConcurrentInvocations,
	}
}

// streams bounds the streams that triggers may read.
func (s planeSettings) streams() (foreign.Options, error) {
	var opt foreign.Options
	for _, text := range s.StreamAllow {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return opt, usagef("--stream-allow %s is no range of addresses", text)
		}
		opt.Allow = append(opt.Allow, p)
	}
	return opt, nil
}

func (s planeSettings) limits() core.LimitRange {
	r := core.DefaultRange()
	r.Max.Timeout = s.MaxTimeout
	r.Max.Memory = s.MaxMemory
	r.Max.Concurrency = s.MaxConcurrency
	return r
}

// apiSettings are those of the API server.
type apiSettings struct {
	functionSettings
	Addr              string        `group:"Settings" default:"127.0.0.1:3233" help:"Where to listen (${default})."`
	PublicURL         string        `group:"Settings" placeholder:"URL" help:"The address that clients use, where it is not the one listened on."`
	TLSCert           string        `group:"Settings" name:"tls-cert" placeholder:"FILE" help:"Serve TLS with this certificate chain, in PEM."`
	TLSKey            string        `group:"Settings" name:"tls-key" placeholder:"FILE" help:"The certificate's key."`
	VanityHost        string        `group:"Settings" placeholder:"DOMAIN" help:"Serve web actions at NAMESPACE.DOMAIN/PACKAGE/ACTION too."`
	AdminUser         string        `group:"Settings" placeholder:"NAME" help:"The name of the operator; without one, the operator's endpoints are not there (up: admin, with a password in the data folder)."`
	AdminPasswordFile string        `group:"Settings" placeholder:"FILE" help:"The file with the operator's password."`
	AsyncBodyLimit    int64         `group:"Settings" placeholder:"BYTES" default:"1048576" help:"The largest body of a queued call of a function (${default})."`
	FunctionRecords   float64       `group:"Settings" placeholder:"PART" default:"1" help:"The part of the direct calls of functions that is recorded as activations, from 0 to 1 (${default})."`
	GatewaySecrets    string        `group:"Settings" placeholder:"DIR" help:"The folder with the files basic-auth-user and basic-auth-password for clients of the OpenFaaS API; by default they have the operator's name and password, and without an operator there is no such API."`
	Drain             time.Duration `group:"Settings" default:"65s" help:"How long open calls may take once the server is told to end (${default})."`
}

// check refuses settings that contradict each other.
func (s apiSettings) check() error {
	if (s.TLSCert == "") != (s.TLSKey == "") {
		return usagef("--tls-cert and --tls-key go together")
	}
	if (s.AdminUser == "") != (s.AdminPasswordFile == "") {
		return usagef("--admin-user and --admin-password-file go together")
	}
	if s.FunctionRecords < 0 || s.FunctionRecords > 1 {
		return usagef("--function-records is a part, from 0 to 1")
	}
	if s.AsyncBodyLimit <= 0 {
		return usagef("--async-body-limit is a number of bytes")
	}
	return nil
}

// minPassword is the shortest password of an operator that is accepted, in
// bytes.
const minPassword = 12

// admin returns the operator's credentials, none where nothing is set.
func (s apiSettings) admin() (openwhisk.Admin, error) {
	if s.AdminUser == "" {
		return openwhisk.Admin{}, nil
	}
	text, err := os.ReadFile(s.AdminPasswordFile)
	if err != nil {
		return openwhisk.Admin{}, fmt.Errorf("read the operator's password: %w", err)
	}
	password := strings.TrimRight(string(text), "\r\n")
	if len(password) < minPassword {
		return openwhisk.Admin{}, fmt.Errorf("the password in %s needs %d characters", s.AdminPasswordFile, minPassword)
	}
	return openwhisk.Admin{User: s.AdminUser, Password: password}, nil
}

// workerSettings are those of the worker.
type workerSettings struct {
	Engine          string        `group:"Settings" enum:"docker,process," default:"" placeholder:"NAME" help:"What runs actions: docker, or process, which isolates nothing. By default docker if it answers."`
	WorkerID        string        `group:"Settings" name:"worker-id" aliases:"id" placeholder:"NAME" help:"The worker's name, which stays the same over restarts and no other worker has; by default that of the machine."`
	Deployment      string        `group:"Settings" placeholder:"NAME" help:"Tells the containers of several platforms on one Docker apart; by default made from the address of Redis."`
	DockerHost      string        `group:"Settings" placeholder:"URL" help:"The Docker daemon, which must be on this machine; by default that of DOCKER_HOST, or its usual socket."`
	Credentials     string        `group:"Settings" name:"docker-config" placeholder:"FILE" help:"A Docker config.json with the registry logins for the images that actions name, whoever names them; by default none are used."`
	OCIRuntime      string        `group:"Settings" name:"oci-runtime" placeholder:"NAME" help:"The low-level runtime of containers whose kind names none, as the Docker daemon calls it; by default the daemon's."`
	Network         string        `group:"Settings" placeholder:"NAME" help:"The Docker network of the containers, made where it is absent."`
	Proxy           string        `group:"Settings" placeholder:"FILE" help:"The program that runs actions without Docker; by default hearth-proxy beside this one."`
	Memory          int           `group:"Settings" placeholder:"MB" help:"Memory for all containers together; by default half of the machine's."`
	PauseGrace      time.Duration `group:"Settings" default:"10s" help:"A container idle for so long is frozen (${default})."`
	IdleTimeout     time.Duration `group:"Settings" default:"10m" help:"A container idle for so long is removed (${default})."`
	WorkerDrain     time.Duration `group:"Settings" default:"60s" help:"How long running actions may take once the worker is told to end (${default})."`
	ActionAPI       string        `group:"Settings" name:"action-api" placeholder:"URL" help:"The API's address as actions see it."`
	Ingress         string        `group:"Settings" name:"ingress-addr" placeholder:"ADDR" help:"Where to take calls of functions from API servers on other machines, host:port, the host as they know it."`
	FunctionTimeout time.Duration `group:"Settings" default:"60s" help:"How long a function may take to begin its answer (${default})."`
}

// Package docker runs actions in containers of a Docker daemon on this host.
//
// Containers of this project's images are called over a unix socket in a
// folder that is mounted into them, foreign ones over TCP on a bridge network
// of their own. The daemon is never asked to exec, nor to publish a port.
package docker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/docker/docker/client"

	"github.com/hearth-faas/hearth/worker/engine"
)

var _ engine.Engine = (*Docker)(nil)

// Options configure a Docker.
type Options struct {
	// Deployment, Worker and Boot become labels of every container: List
	// returns those of the deployment, and the other two say whose they are.
	// All three are required.
	Deployment, Worker, Boot string
	// Host is the daemon's address; empty means unix:///var/run/docker.sock.
	// The daemon must share this host's file system and network.
	Host string
	// Dir holds the socket folder of each container. It is made if absent. Its
	// path must be short, as a unix socket's path has at most 107 bytes, and
	// the same for the daemon as for this process. Required.
	Dir string
	// Network is the bridge network of the containers, made if absent; empty
	// means "hearth-functions".
	Network string
	// Sandboxes is how many ready network sandboxes are kept; 0 means 2, and
	// less than 0 none, which makes every start about 170 ms slower.
	Sandboxes int
	// Creates is how many containers are made at once; 0 means 4.
	Creates int
	// Runtime is the low-level runtime of containers whose Spec names none;
	// empty means the daemon's default. One that is named is taken to have a
	// kernel of its own: its containers use no ready sandbox and no socket.
	Runtime string
	// Credentials is the path of a Docker config.json with registry logins;
	// empty means none. It is read anew for each pull.
	Credentials string
	// Logger gets what goes wrong in the background; nil discards it.
	Logger *slog.Logger
}

// Defaults of Options.
const (
	DefaultNetwork   = "hearth-functions"
	DefaultSandboxes = 2
	DefaultCreates   = 4
)

// Docker is an engine of containers. Make it with New, and keep Run running.
type Docker struct {
	options Options
	client  *client.Client
	log     *slog.Logger
	breaker *breaker
	network string // its id: a name may have been taken over
	cgroups cgroups
	pulls   pulls
	creates chan struct{} // a place for each Create that may go on at once
	holders holders
	// background are calls that outlive the caller who wanted them.
	background sync.WaitGroup

	mu   sync.Mutex
	held map[string]*held // by id of the container
}

// held is what a container of ours has beside the daemon's part.
type held struct {
	dir    string // its socket folder, "" if none
	holder string // the container whose network it shares, "" if none
	stream *stream
	// oomKilled is set once its cgroup has shown it.
	oomKilled atomic.Bool
}

// New connects to the daemon, settles on an API version, and makes the network
// if it is absent. It fails when the daemon does not answer or is too old.
func New(ctx context.Context, options Options) (*Docker, error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	api, err := client.NewClientWithOpts(
		client.WithHost(options.Host),
		client.WithAPIVersionNegotiation(),
		client.WithDialContext(reportDial(options.Host)),
	)
	if err != nil {
		return nil, fmt.Errorf("make docker client for %s: %w", options.Host, err)
	}
	d := &Docker{
		options: options,
		client:  api,
		log:     options.Logger,
		breaker: newBreaker(),
		creates: make(chan struct{}, options.Creates),
		held:    map[string]*held{},
	}
	if err := d.connect(ctx); err != nil {
		return nil, errors.Join(err, api.Close())
	}
	return d, nil
}

// connect does what New asks of the daemon.
func (d *Docker) connect(ctx context.Context) error {
	host, err := d.negotiate(ctx)
	if err != nil {
		return err
	}
	d.cgroups = newCgroups(host.CgroupVersion, host.CgroupDriver)
	d.holders = newHolders(d.options.Sandboxes, host.Architecture)
	if d.options.Sandboxes > 0 && d.holders.program == nil {
		d.log.WarnContext(ctx, "no ready sandboxes on this architecture", "architecture", host.Architecture)
	}
	d.network, err = d.ensureNetwork(ctx)
	return err
}

func (o Options) complete() (Options, error) {
	if o.Deployment == "" || o.Worker == "" || o.Boot == "" || o.Dir == "" {
		return o, errors.New("docker engine: Deployment, Worker, Boot and Dir are required")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return o, fmt.Errorf("find folder for sockets: %w", err)
	}
	o.Dir = dir
	if n := len(socketPath(filepath.Join(dir, newName()))); n > socketMax {
		return o, fmt.Errorf("docker engine: sockets under %s would have paths of %d bytes, the most is %d", dir, n, socketMax)
	}
	// Nobody else on this host gets at the sockets.
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return o, fmt.Errorf("make folder for sockets: %w", err)
	}
	if o.Host == "" {
		o.Host = client.DefaultDockerHost
	}
	if o.Network == "" {
		o.Network = DefaultNetwork
	}
	if o.Sandboxes == 0 {
		o.Sandboxes = DefaultSandboxes
	}
	if o.Creates <= 0 {
		o.Creates = DefaultCreates
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// dialed is the key under which a context carries a func(net.Conn) that wants
// to know the connection made for it.
type dialed struct{}

// reportDial dials the daemon, and tells the context about it. The client does
// not watch the context while it waits for the answer to an attach, so that
// caller must be able to close the connection.
func reportDial(host string) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if target, err := client.ParseHostURL(host); err == nil && target.Scheme == "unix" {
			network, addr = "unix", target.Host+target.Path
		}
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err != nil {
			return nil, fmt.Errorf("dial docker: %w", err)
		}
		if report, ok := ctx.Value(dialed{}).(func(net.Conn)); ok {
			report(conn)
		}
		return conn, nil
	}
}

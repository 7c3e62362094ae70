package watchdog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/hearth-faas/hearth/runtime/proxy/reap"
)

// fork runs the function's process once for each request.
type fork struct {
	config *Config
	reaper *reap.Reaper
	log    *log.Logger
	groups *groups
}

// limited returns a context that ends when the process must.
func (f *fork) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if f.config.ExecTimeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, f.config.ExecTimeout)
}

// command is the process of one request, without its streams.
func (f *fork) command(variables []string) *exec.Cmd {
	cmd := exec.Command(f.config.Process[0], f.config.Process[1:]...)
	cmd.Env = f.config.Environ
	if f.config.CGI {
		cmd.Env = slices.Concat(cmd.Env, variables)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// What the process leaves behind must not keep the request.
	cmd.WaitDelay = time.Second
	return cmd
}

// run runs a command to its end. When ctx ends, the process is killed, with
// those that it started.
func (f *fork) run(ctx context.Context, cmd *exec.Cmd) error {
	if err := f.reaper.Start(cmd); err != nil {
		return err
	}
	f.groups.add(cmd)
	stop := context.AfterFunc(ctx, func() { kill(cmd) })
	err := f.reaper.Wait(cmd)
	stop()
	f.groups.remove(cmd)
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	return err
}

// feed writes the body to the process's input, as it comes. The function that
// it returns must be called when the process has ended; it does not wait for
// the rest of a body that nobody reads.
func feed(cmd *exec.Cmd, w http.ResponseWriter, r *http.Request) (func(), error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("make the input: %w", err)
	}
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		_, _ = io.Copy(in, r.Body) // the process may well not read it all
		_ = in.Close()
	}()
	return func() {
		select {
		case <-fed:
		default:
			_ = in.Close()
			_ = http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0))
			<-fed
		}
	}, nil
}

// logRequest writes the line of a request.
func (f *fork) logRequest(r *http.Request, status int, bytes int64, begin time.Time) {
	if quiet(r) {
		return
	}
	f.log.Printf("%s %s - %d - ContentLength: %s (%.4fs)", r.Method, r.RequestURI, status, size(bytes), time.Since(begin).Seconds())
}

// quiet says that a request is a probe, of which there are too many to log.
func quiet(r *http.Request) bool { return strings.HasPrefix(r.UserAgent(), "kube-probe") }

// variables describes a request as an environment like that of CGI, with the
// first value of each header.
func variables(r *http.Request) []string {
	var all []string
	for name, values := range r.Header {
		all = append(all, "Http_"+strings.ReplaceAll(name, "-", "_")+"="+values[0])
	}
	all = append(all, "Http_Method="+r.Method, "Http_Path="+r.URL.Path)
	if len(r.TransferEncoding) > 0 {
		all = append(all, "Http_Transfer_Encoding="+r.TransferEncoding[0])
	}
	if r.URL.RawQuery != "" {
		all = append(all, "Http_Query="+r.URL.RawQuery)
	}
	slices.Sort(all)
	return all
}

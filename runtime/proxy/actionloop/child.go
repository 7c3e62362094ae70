package actionloop

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/hearth-faas/hearth/runtime/proxy/reap"
)

// The errors of a child that is not there any more. Their texts are the
// contract's.
var (
	errExited  = errors.New("command exited")
	errOOM     = errors.New("The action exhausted its memory and was aborted.") //nolint:staticcheck // the contract's text
	errAbrupt  = errors.New("Command exited abruptly during initialization.")   //nolint:staticcheck // the contract's text
	errNotInit = errors.New("The action did not initialize properly.")          //nolint:staticcheck // the contract's text
)

const (
	// startGrace is how long a child that sends no acknowledgement is watched
	// for an early death.
	startGrace = 5 * time.Millisecond
	// drainTime is how long answers are still read after the child's end.
	// What it wrote is in the pipe already; only a process that it left behind
	// can keep the pipe open.
	drainTime = time.Second
)

// child is a running action.
type child struct {
	cmd            *exec.Cmd
	frames         bool
	stdin, answers *os.File
	memory         oomCount
	exited         chan struct{} // closed when the process has ended
	ended          chan struct{} // closed when answers have ended
	oom            bool          // to be read after exited
	lines          *bufio.Reader // of answers

	turn sync.Mutex // one request at a time, without frames
	send sync.Mutex // one writer of stdin

	mu      sync.Mutex
	pending map[uint64]chan answer // nil after the end
	last    uint64
	kills   int // for memory, before the calls that are pending
}

// spawn starts the process of a child. It is of use once begin has returned
// nil; otherwise it must be ended with kill.
func spawn(r *reap.Reaper, argv []string, dir string, environ []string) (*child, error) {
	stdinOurs, stdinTheirs, err := pipe(false)
	if err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	answersOurs, answersTheirs, err := pipe(true)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a pipe: %w", err), stdinOurs.Close(), stdinTheirs.Close())
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, environ
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdinTheirs, os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{answersTheirs}
	memory := openOOM()
	kills := memory.kills()
	err = r.Start(cmd)
	_ = stdinTheirs.Close()
	_ = answersTheirs.Close()
	if err != nil {
		memory.close()
		return nil, errors.Join(err, stdinOurs.Close(), answersOurs.Close())
	}
	sacrifice(cmd.Process.Pid)
	c := &child{
		cmd: cmd, stdin: stdinOurs, answers: answersOurs, exited: make(chan struct{}), ended: make(chan struct{}),
		lines: bufio.NewReaderSize(answersOurs, 64<<10), pending: make(map[uint64]chan answer),
		memory: memory, kills: kills,
	}
	go func() {
		_ = r.Wait(cmd)
		c.oom = killed(cmd) && c.starved()
		memory.close()
		_ = answersOurs.SetReadDeadline(time.Now().Add(drainTime))
		close(c.exited)
	}()
	return c, nil
}

// begin writes hello, if any, waits until the child is ready, and takes
// answers from then on.
func (c *child) begin(hello []byte, ack bool) error {
	if len(hello) > 0 {
		_, _ = c.stdin.Write(hello) // a broken pipe shows as an early end
	}
	if err := c.ready(ack); err != nil {
		c.kill()
		return err
	}
	go func() {
		c.read()
		<-c.exited
		_ = c.answers.Close()
		close(c.ended)
		c.abandon()
	}()
	return nil
}

// alive says whether the process has not ended.
func (c *child) alive() bool {
	select {
	case <-c.exited:
		return false
	default:
		return true
	}
}

// kill ends a child that has not begun.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.exited
	_ = c.stdin.Close()
	_ = c.answers.Close()
}

// pipe makes a pipe whose other end blocks, as programs expect of their
// streams: the one that we write to, or the one that we read from.
func pipe(weRead bool) (ours, theirs *os.File, err error) {
	var fds [2]int
	if err := syscall.Pipe2(fds[:], syscall.O_CLOEXEC); err != nil {
		return nil, nil, err
	}
	mine, other := fds[1], fds[0]
	if weRead {
		mine, other = other, mine
	}
	if err := syscall.SetNonblock(mine, true); err != nil {
		return nil, nil, err
	}
	return os.NewFile(uintptr(mine), "pipe"), os.NewFile(uintptr(other), "pipe"), nil
}

// killed says whether the child ended by SIGKILL.
func killed(cmd *exec.Cmd) bool {
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// ready waits for the acknowledgement, or a moment for an early end.
func (c *child) ready(ack bool) error {
	if !ack {
		select {
		case <-c.exited:
			return errExited
		case <-time.After(startGrace):
			return nil
		}
	}
	line, err := c.lines.ReadBytes('\n')
	if err != nil && len(bytes.TrimSpace(line)) == 0 {
		return errAbrupt
	}
	var said struct {
		OK     bool   `json:"ok"`
		Frames bool   `json:"frames"`
		Error  string `json:"error"`
	}
	switch err := json.Unmarshal(line, &said); {
	case err != nil:
		return errNotInit
	case said.Error != "":
		return refusal(said.Error)
	case !said.OK:
		return errNotInit
	}
	c.frames = said.Frames
	return nil
}

// refusal is the reason that a child gives for not starting, in its own words
// to the user.
type refusal string

func (r refusal) Error() string { return string(r) }

// read hands answers to those who wait for them, until there are no more.
func (c *child) read() {
	for {
		line, err := c.lines.ReadBytes('\n')
		if err != nil {
			return // a line without an end is no answer
		}
		a, ok := parseAnswer(line[:len(line)-1], c.frames)
		if !ok {
			continue
		}
		c.mu.Lock()
		waiter := c.pending[a.id]
		delete(c.pending, a.id)
		c.mu.Unlock()
		if waiter != nil {
			waiter <- a
		}
	}
}

// abandon tells all who wait that no answer will come.
func (c *child) abandon() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, waiter := range c.pending {
		close(waiter)
	}
	c.pending = nil
}

// call sends a request and waits for its answer. The error is errExited, or
// errOOM, when the child has ended or ends before it answers.
func (c *child) call(body []byte) (answer, error) {
	if !c.frames {
		c.turn.Lock()
		defer c.turn.Unlock()
	}
	id, waiter := c.expect()
	if waiter == nil {
		return answer{}, c.cause()
	}
	line := appendRequest(make([]byte, 0, len(body)+24), id, body, c.frames)
	c.send.Lock()
	_, _ = c.stdin.Write(line) // a broken pipe shows as the end of answers
	c.send.Unlock()
	a, ok := <-waiter
	if !ok {
		return answer{}, c.cause()
	}
	return a, nil
}

func (c *child) expect() (uint64, chan answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pending == nil {
		return 0, nil
	}
	var id uint64
	if c.frames {
		c.last++
		id = c.last
	}
	if len(c.pending) == 0 { // one that pends may be what takes the memory
		c.kills = c.memory.kills()
	}
	waiter := make(chan answer, 1)
	c.pending[id] = waiter
	return id, waiter
}

// starved says whether the kernel has killed a process for memory since the
// calls that are pending came. One that it killed before was a child of the
// action's, which outlived that.
func (c *child) starved() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.memory.kills() > c.kills
}

// cause is why there is no answer.
func (c *child) cause() error {
	<-c.ended
	if c.oom {
		return errOOM
	}
	return errExited
}

// sacrifice makes the kernel kill the action and not the proxy when the
// container is out of memory, so that the proxy can tell.
func sacrifice(pid int) {
	_ = os.WriteFile("/proc/"+strconv.Itoa(pid)+"/oom_score_adj", []byte("900"), 0)
}

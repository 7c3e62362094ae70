package localredis

import "syscall"

// attributes keep the server from an interrupt that is typed at the terminal,
// since it must end last; and end it in order when this process is killed.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

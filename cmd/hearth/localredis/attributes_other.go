//go:build !linux

package localredis

import "syscall"

// attributes keep the server from an interrupt that is typed at the terminal,
// since it must end last.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

package main

import "syscall"

// hostMemory is the machine's memory in MB; 0 when it cannot be told.
func hostMemory() int {
	var info syscall.Sysinfo_t
	if syscall.Sysinfo(&info) != nil {
		return 0
	}
	return int(uint64(info.Totalram) * uint64(info.Unit) >> 20) //nolint:unconvert // the types differ between architectures
}

//go:build !linux

package main

// hostMemory is the machine's memory in MB; 0 when it cannot be told.
func hostMemory() int { return 0 }

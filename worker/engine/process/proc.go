package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// groupStopped reports whether every thread of every process of the group is
// stopped or dead. A process cannot fork with a stop pending, so a pass that
// finds all of them stopped has seen all of them.
func groupStopped(group int) (bool, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return false, fmt.Errorf("list processes: %w", err)
	}
	for _, path := range stats {
		stat, err := readStat(path)
		if gone(err) {
			continue
		}
		if err != nil {
			return false, err
		}
		if stat.group != group {
			continue
		}
		if stopped, err := threadsStopped(filepath.Dir(path)); err != nil || !stopped {
			return false, err
		}
	}
	return true, nil
}

func threadsStopped(process string) (bool, error) {
	stats, err := filepath.Glob(process + "/task/[0-9]*/stat")
	if err != nil {
		return false, fmt.Errorf("list threads: %w", err)
	}
	for _, path := range stats {
		stat, err := readStat(path)
		if gone(err) {
			continue
		}
		if err != nil {
			return false, err
		}
		if !strings.ContainsRune("TtZX", rune(stat.state)) {
			return false, nil
		}
	}
	return true, nil
}

type stat struct {
	state byte
	group int
}

// readStat reads state and process group, the third and fifth field of
// proc_pid_stat(5). The second field is a name in brackets, which may hold
// anything, brackets too.
func readStat(path string) (stat, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return stat{}, fmt.Errorf("read state of process: %w", err)
	}
	_, rest, _ := strings.Cut(string(text[strings.LastIndexByte(string(text), ')')+1:]), " ")
	fields := strings.Fields(rest)
	if len(fields) < 3 {
		return stat{}, fmt.Errorf("read state of process: %s has too few fields", path)
	}
	group, err := strconv.Atoi(fields[2])
	if err != nil {
		return stat{}, fmt.Errorf("read process group in %s: %w", path, err)
	}
	return stat{state: fields[0][0], group: group}, nil
}

// gone says that the process ended while it was looked at.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH)
}

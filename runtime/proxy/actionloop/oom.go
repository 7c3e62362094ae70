package actionloop

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

// oomCount counts the processes of this container that the kernel has killed
// for memory. It is asked before each call, so the file stays open.
type oomCount struct{ file *os.File } // nil if the kernel does not tell

// openOOM looks for the count in cgroup v2, and then in v1.
func openOOM() oomCount {
	for _, name := range []string{"/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"} {
		if file, err := os.Open(name); err == nil {
			return oomCount{file}
		}
	}
	return oomCount{}
}

// kills is how many it were so far.
func (o oomCount) kills() int {
	if o.file == nil {
		return 0
	}
	var content [512]byte // several times what there is
	n, _ := o.file.ReadAt(content[:], 0)
	return parseKills(content[:n])
}

func (o oomCount) close() {
	if o.file != nil {
		_ = o.file.Close()
	}
}

// parseKills finds the count among lines of a word and a number.
func parseKills(content []byte) int {
	for line := range bytes.Lines(content) {
		if value, ok := strings.CutPrefix(string(line), "oom_kill "); ok {
			n, _ := strconv.Atoi(strings.TrimSpace(value))
			return n
		}
	}
	return 0
}

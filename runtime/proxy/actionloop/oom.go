package actionloop

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

// oomKills returns how many processes of this container the kernel has killed
// for memory so far: from cgroup v2, or else v1, or 0 if neither tells.
func oomKills() int {
	for _, file := range []string{"/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"} {
		content, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for line := range bytes.Lines(content) {
			if value, ok := strings.CutPrefix(string(line), "oom_kill "); ok {
				n, _ := strconv.Atoi(strings.TrimSpace(value))
				return n
			}
		}
	}
	return 0
}

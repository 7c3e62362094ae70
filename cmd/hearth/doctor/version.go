package doctor

import (
	"strconv"
	"strings"
)

// Older says whether version a is before b. Numbers are compared from the
// left; what follows them, such as "+ds1" or "-rc.1", does not count.
func Older(a, b string) bool {
	x, y := numbers(a), numbers(b)
	for i := range max(len(x), len(y)) {
		if at(x, i) != at(y, i) {
			return at(x, i) < at(y, i)
		}
	}
	return false
}

func numbers(version string) []int {
	end := strings.IndexFunc(version, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if end >= 0 {
		version = version[:end]
	}
	var all []int
	for part := range strings.SplitSeq(version, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			break
		}
		all = append(all, n)
	}
	return all
}

func at(list []int, i int) int {
	if i < len(list) {
		return list[i]
	}
	return 0
}

package kinds

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Reactive lets the number of stem cells follow demand: Increment more for
// each Threshold of cold starts, between Min and Max, and back after TTL.
type Reactive struct {
	Min, Max             int
	TTL                  time.Duration
	Threshold, Increment int
}

// stemCellJSON is a stem cell as the manifest writes it.
type stemCellJSON struct {
	InitialCount int    `json:"initialCount"`
	Memory       string `json:"memory"`
	Reactive     *struct {
		MinCount  int    `json:"minCount"`
		MaxCount  int    `json:"maxCount"`
		TTL       string `json:"ttl"`
		Threshold int    `json:"threshold"`
		Increment int    `json:"increment"`
	} `json:"reactive"`
}

// UnmarshalJSON reads a stem cell of the manifest and checks its numbers.
func (c *StemCell) UnmarshalJSON(data []byte) error {
	var j stemCellJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	memory, err := parseMemory(j.Memory)
	if err != nil {
		return err
	}
	if j.InitialCount < 0 {
		return fmt.Errorf("initialCount %d is negative", j.InitialCount)
	}
	*c = StemCell{Count: j.InitialCount, Memory: memory}
	if j.Reactive == nil {
		return nil
	}
	r := j.Reactive
	ttl, err := parseDuration(r.TTL)
	if err != nil {
		return err
	}
	if r.MinCount < 0 || r.MaxCount < r.MinCount || r.Threshold <= 0 || r.Increment <= 0 {
		return fmt.Errorf("reactive wants 0 <= minCount <= maxCount, and a positive threshold and increment")
	}
	c.Reactive = &Reactive{Min: r.MinCount, Max: r.MaxCount, TTL: ttl, Threshold: r.Threshold, Increment: r.Increment}
	return nil
}

var memoryForm = regexp.MustCompile(`(?i)^\s*(\d+)\s*(GB|G|MB|M|KB|K|B)\s*$`)

// parseMemory reads "256 MB" and the like into MB, rounded up. Units are
// powers of 1024, as in OpenWhisk.
func parseMemory(s string) (int, error) {
	m := memoryForm.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("memory %q is not a number and a unit, as in \"256 MB\"", s)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil || n <= 0 || n > math.MaxInt32 {
		return 0, fmt.Errorf("memory %q is out of range", s)
	}
	switch strings.ToUpper(m[2])[0] {
	case 'G':
		return n << 10, nil
	case 'M':
		return n, nil
	case 'K':
		return (n + 1<<10 - 1) >> 10, nil
	default:
		return (n + 1<<20 - 1) >> 20, nil
	}
}

var durationForm = regexp.MustCompile(`(?i)^\s*(\d+)\s*(s|sec|secs|second|seconds|m|min|mins|minute|minutes|h|hour|hours|d|day|days)\s*$`)

// parseDuration reads "2 minutes" and the like.
func parseDuration(s string) (time.Duration, error) {
	m := durationForm.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("ttl %q is not a number and a unit, as in \"2 minutes\"", s)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil || n > 1<<20 {
		return 0, fmt.Errorf("ttl %q is out of range", s)
	}
	unit := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	return time.Duration(n) * unit[strings.ToLower(m[2])[0]], nil
}

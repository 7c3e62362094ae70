package core

import (
	"fmt"
	"strconv"
	"strings"
)

// Version is the version of an entity: major, minor and patch.
type Version struct{ Major, Minor, Patch int }

// FirstVersion is what a new entity gets.
var FirstVersion = Version{Patch: 1} //nolint:gochecknoglobals // a constant in all but form

// String returns "major.minor.patch".
func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch) }

// Next returns the version with its patch number raised by one.
func (v Version) Next() Version { return Version{v.Major, v.Minor, v.Patch + 1} }

// ParseVersion reads up to three numbers; missing ones are 0 and leading
// zeros are dropped. "0.0.0" and anything else is an Error of KindInvalid.
func ParseVersion(s string) (Version, error) {
	parts := strings.Split(s, ".")
	var n [3]int
	if len(parts) > len(n) {
		return Version{}, Errorf(KindInvalid, "bad semantic version %s", s)
	}
	for i, part := range parts {
		x, err := strconv.Atoi(part)
		if err != nil || x < 0 {
			return Version{}, Errorf(KindInvalid, "bad semantic version %s", s)
		}
		n[i] = x
	}
	v := Version{n[0], n[1], n[2]}
	if v == (Version{}) {
		return Version{}, Errorf(KindInvalid, "bad semantic version %s", s)
	}
	return v, nil
}

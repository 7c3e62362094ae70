package kinds

import (
	"path"
	"strings"
)

// imageJSON is an image as the manifest writes it.
type imageJSON struct {
	Registry string `json:"registry"`
	Prefix   string `json:"prefix"`
	Name     string `json:"name"`
	Tag      string `json:"tag"`
}

// reference is registry/prefix/name:tag, without the parts that are empty.
func (i imageJSON) reference() string {
	ref := path.Join(strings.Trim(i.Registry, "/"), strings.Trim(i.Prefix, "/"), i.Name)
	if i.Tag != "" {
		ref += ":" + i.Tag
	}
	return ref
}

// foreign says whether the image is not one of this project's, which are
// called hearth/runtime-*, in whichever registry they are kept.
func (i imageJSON) foreign() bool {
	return path.Base(strings.Trim(i.Prefix, "/")) != "hearth" || !strings.HasPrefix(i.Name, "runtime-")
}

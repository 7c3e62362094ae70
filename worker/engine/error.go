package engine

import "errors"

// The failures that callers tell apart, with errors.Is.
var (
	ErrUnavailable = errors.New("container engine does not answer")
	ErrGone        = errors.New("container is gone")
	ErrImage       = errors.New("image cannot be pulled")
	ErrCommand     = errors.New("executable not found in image")
)

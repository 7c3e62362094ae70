package builder

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// event is one message of the daemon's.
type event struct {
	Stream string // what a step prints, or which step it is
	Status string // of the pull of a base image
	ID     string // of the layer, with Status
	Error  string
	// ProgressDetail is there while a layer is pulled; it comes many times.
	ProgressDetail json.RawMessage
}

// follow writes what a build prints, and returns its error.
func follow(stream io.Reader, progress io.Writer) error {
	for messages := json.NewDecoder(stream); ; {
		var e event
		err := messages.Decode(&e)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read progress: %w", err)
		}
		if e.Error != "" {
			return errors.New(e.Error)
		}
		text := e.Stream
		if e.Status != "" && len(e.ProgressDetail) == 0 {
			text = e.Status + "\n"
			if e.ID != "" {
				text = e.ID + ": " + text
			}
		}
		if _, err := io.WriteString(progress, text); err != nil {
			return fmt.Errorf("show progress: %w", err)
		}
	}
}

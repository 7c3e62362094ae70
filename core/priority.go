package core

// Priority says which of two queues an activation waits in when no worker has
// room: that of those whose callers wait, or that of those who have time. The
// second is served less eagerly, and never starves.
type Priority string

// The priorities.
const (
	// PriorityNormal is high for a call whose caller waits for its end, and for
	// the steps of a sequence whose caller does; low for all others.
	PriorityNormal Priority = ""
	PriorityHigh   Priority = "high"
	PriorityLow    Priority = "low"
)

// ParsePriority reads "high", "normal" or "low"; the Error is of KindInvalid.
func ParsePriority(s string) (Priority, error) {
	switch p := Priority(s); p {
	case PriorityHigh, PriorityLow:
		return p, nil
	case "normal":
		return PriorityNormal, nil
	case PriorityNormal: // says nothing, and is not what anyone writes
	}
	return "", Errorf(KindInvalid, "A priority is 'high', 'normal' or 'low'.")
}

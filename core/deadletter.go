package core

// Dead says that the platform and not the action failed: what ended so is a
// dead letter, and can be run once more. Who cancels knows of it.
func (o Outcome) Dead() bool {
	switch o.Reason {
	case ReasonWorkerLost, ReasonDeadline, ReasonPoison, ReasonExpired, ReasonPlatform:
		return true
	case ReasonNone, ReasonCancelled:
	}
	return false
}

package core

import (
	"regexp"
	"time"
)

// DeliveryState is where a delivery is in its life.
type DeliveryState string

// The states. A dead delivery becomes pending again when it is redriven.
const (
	DeliveryPending DeliveryState = "pending"
	DeliveryDone    DeliveryState = "done"
	DeliveryDead    DeliveryState = "dead"
)

// Delivery is one callback on its way, or what became of it.
type Delivery struct {
	// ID is that of the activation, a dash and the occasion. Receivers get it
	// with each attempt, always the same.
	ID         string
	Callback   Callback
	Activation Activation // that has ended, with Payload and without logs
	State      DeliveryState
	Made       time.Time
	// Since is when its age began: when it was made, or redriven last.
	Since time.Time
	// Over is when it was delivered or given up, and Why it was given up.
	Over time.Time
	Why  string
	// Tries counts the attempts since Since; History has the last of all.
	Tries   int
	History []Attempt
}

// Attempt is one try of a delivery.
type Attempt struct {
	At       time.Time
	Duration time.Duration
	// Status is that of the receiver's answer, 0 when there was none: then
	// Error says why.
	Status int
	Error  string
}

var deliveryID = regexp.MustCompile(`\A([0-9a-f]{32})-(end|success|failure)\z`)

// ParseDeliveryID returns the two parts of an id; the Error is of
// KindInvalid.
func ParseDeliveryID(s string) (ActivationID, Occasion, error) {
	parts := deliveryID.FindStringSubmatch(s)
	if parts == nil {
		return "", "", Errorf(KindInvalid, "The id of the callback is not valid.")
	}
	return ActivationID(parts[1]), Occasion(parts[2]), nil
}

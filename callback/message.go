package callback

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/hearth-faas/hearth/core"
)

// Message is what a receiver gets.
type Message struct {
	// Status is how the function ended, as its caller would have seen it.
	Status int
	Header http.Header
	Body   []byte
}

// Shape makes the message of a delivery.
type Shape func(*core.Delivery) (Message, error)

// noAnswer is the status of a function that gave no answer.
const noAnswer = http.StatusServiceUnavailable

// response is the shape of core.FormResponse.
func response(d *core.Delivery) (Message, error) {
	r, ok := d.Activation.Outcome.Response()
	if !ok {
		return Message{Status: noAnswer, Header: http.Header{}}, nil
	}
	h := http.Header{}
	for name, values := range r.Header {
		if !withheld(http.CanonicalHeaderKey(name)) {
			h[http.CanonicalHeaderKey(name)] = values
		}
	}
	return Message{Status: r.Status, Header: h, Body: r.Body}, nil
}

// withheld says of a function's header that it is about the connection that
// its answer came on, or is the platform's own.
func withheld(name string) bool {
	switch name {
	case "Connection", "Content-Length", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade", "Host",
		"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature":
		return true
	}
	return false
}

// statusOf is the status of a blocking call that ended so, for messages that
// are no response of a function.
func statusOf(s core.Status) int {
	switch s {
	case core.StatusSuccess:
		return http.StatusOK
	case core.StatusApplicationError, core.StatusDeveloperError:
		return http.StatusBadGateway
	case core.StatusInternalError:
	}
	return http.StatusInternalServerError
}

// complete adds the headers that every callback has. try counts from 1.
func (m *Message) complete(d *core.Delivery, try, most int) {
	a, c := &d.Activation, d.Callback
	h := m.Header
	if m.Status == 0 {
		m.Status = statusOf(a.Outcome.Status)
	}
	call, function := c.CallID, c.Function
	if call == "" {
		call = string(a.ID)
	}
	if function == "" {
		function = a.Action.Local()
	}
	h.Set("X-Call-Id", call)
	h.Set("X-Function-Name", function)
	h.Set("X-Function-Status", strconv.Itoa(m.Status))
	h.Set("X-Duration-Seconds", fmt.Sprintf("%f", a.Outcome.Duration.Seconds()))
	if h.Get("X-Retry") == "" { // a function that was retried has its own
		h.Set("X-Retry", strconv.Itoa(try-1))
		h.Set("X-Retry-Max", strconv.Itoa(most-1))
	}
	h.Set("User-Agent", "hearth")
}

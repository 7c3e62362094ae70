package stream

import (
	"bytes"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// Annotation is the key of a trigger's annotation that holds its Settings.
const Annotation = "stream"

// Settings are what people say of a stream, as they write it.
type Settings struct {
	// URL is where the Redis is, redis:// or rediss://. It is stored sealed, and
	// shown without its password.
	URL string `json:"url"`
	// Key is the stream; or Channel, of published messages, the other.
	Key     string `json:"key,omitempty"`
	Channel string `json:"channel,omitempty"`
	// Group is the consumer group; "" means "hearth".
	Group string `json:"group,omitempty"`
	// Start is where a new group begins: "$" (or "") with what comes from now
	// on, "0" with all that there is, or an id.
	Start string `json:"start,omitempty"`
	// Batch is the most entries of one event; 0 means 1.
	Batch int `json:"batch,omitempty"`
	// Window is how long an event waits for its batch to be full; "" does not.
	Window string `json:"window,omitempty"`
	// Retries is how often entries that an action failed are delivered again,
	// before they are given up; nil means 3.
	Retries *int `json:"retries,omitempty"`
	// Concurrency bounds the events whose actions have not ended; 0 means 32.
	Concurrency int `json:"concurrency,omitempty"`
	// Paused keeps the place in the stream, and reads nothing.
	Paused bool `json:"paused,omitempty"`
}

// rules are Settings as they are worked with, every default in its place.
type rules struct {
	Settings
	window  time.Duration
	retries int
}

const (
	defaultGroup       = "hearth"
	defaultStart       = "$"
	defaultRetries     = 3
	defaultConcurrency = 32
	maxBatch           = 1000
	maxWindow          = time.Minute
	maxRetries         = 100
	maxConcurrency     = 1000
)

var position = regexp.MustCompile(`\A(\$|\d+(-\d+)?)\z`)

// ParseSettings reads the annotation. KindInvalid.
func ParseSettings(annotation json.RawMessage) (Settings, error) {
	var s Settings
	decoder := json.NewDecoder(bytes.NewReader(annotation))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return s, core.Errorf(core.KindInvalid, "The annotation 'stream' is not valid: %s.", strings.TrimPrefix(err.Error(), "json: "))
	}
	_, err := s.parse()
	return s, err
}

func (s Settings) parse() (rules, error) {
	r := rules{Settings: s, retries: defaultRetries}
	if r.Group == "" {
		r.Group = defaultGroup
	}
	if r.Start == "" {
		r.Start = defaultStart
	}
	if r.Batch == 0 {
		r.Batch = 1
	}
	if r.Concurrency == 0 {
		r.Concurrency = defaultConcurrency
	}
	if r.Retries != nil {
		r.retries = *r.Retries
	}
	if r.Window != "" {
		var err error
		if r.window, err = time.ParseDuration(r.Window); err != nil {
			return r, core.Errorf(core.KindInvalid, "window '%s' is not a valid duration", r.Window)
		}
	}
	return r, r.check()
}

func (r rules) check() error {
	name := r.Key + r.Channel
	switch {
	case (r.Key == "") == (r.Channel == ""):
		return core.Errorf(core.KindInvalid, "A stream has a key, or a channel.")
	case strings.HasPrefix(name, "hearth:"), strings.HasPrefix(name, "asynq:"):
		return core.Errorf(core.KindInvalid, "'%s' is a name of the platform's own.", name)
	case !position.MatchString(r.Start):
		return core.Errorf(core.KindInvalid, "start '%s' is none of $, 0 and an id", r.Start)
	}
	for _, n := range []struct {
		name            string
		got, least, top int
	}{
		{"batch", r.Batch, 1, maxBatch}, {"retries", r.retries, 0, maxRetries},
		{"concurrency", r.Concurrency, 1, maxConcurrency}, {"window in milliseconds", int(r.window.Milliseconds()), 0, int(maxWindow.Milliseconds())},
	} {
		if n.got < n.least || n.got > n.top {
			return core.Errorf(core.KindInvalid, "%s is from %d to %d, not %d", n.name, n.least, n.top, n.got)
		}
	}
	return nil
}

// public are the settings without what is secret.
func (s Settings) public() Settings {
	u, err := url.Parse(s.URL)
	if err != nil {
		s.URL = ""
		return s
	}
	s.URL = u.Redacted()
	return s
}

package webhook

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// Annotation is the key of a trigger's annotation that holds its Settings, or
// nothing but the name of a scheme as a text.
const Annotation = "webhook"

// Settings are what people say of a webhook, as they write it.
type Settings struct {
	// Scheme says how senders prove who they are; see Schemes.
	Scheme string `json:"scheme"`
	// Secret and Secrets are what they prove it with; every one of them is
	// good. They are taken out before the trigger is written.
	Secret  string   `json:"secret,omitempty"`
	Secrets []string `json:"secrets,omitempty"`
	// Verify is the token of a subscription that a sender confirms with a GET
	// (hub.verify_token). It is taken out too.
	Verify string `json:"verify,omitempty"`

	// Header, Algorithm (sha1, sha256, sha512), Encoding (hex, base64) and
	// Prefix describe the signature of the scheme hmac. Timestamp is the header
	// of the time that is signed before the body, with a dot between.
	Header    string `json:"header,omitempty"`
	Algorithm string `json:"algorithm,omitempty"`
	Encoding  string `json:"encoding,omitempty"`
	Prefix    string `json:"prefix,omitempty"`
	Timestamp string `json:"timestamp,omitempty"`

	// ID is the header with the sender's id of a delivery, where the scheme
	// has none of its own.
	ID string `json:"id,omitempty"`
	// Tolerance is how far a signed time may be from now; "" means 5m.
	Tolerance string `json:"tolerance,omitempty"`
	// Dedup is how long a delivery is remembered, so that the same does not
	// fire again; "" means 24h, or 5m for the scheme hmac; "0" for not at all.
	Dedup string `json:"dedup,omitempty"`
	// Payload says what a body has to be; "" is PayloadAuto.
	Payload string `json:"payload,omitempty"`
	// Reply answers with the result of an action: true for that of the one
	// active rule, or its name. The wait is at most ReplyTimeout ("" means 10s).
	Reply        json.RawMessage `json:"reply,omitempty"`
	ReplyTimeout string          `json:"replyTimeout,omitempty"`
	// URL is the address that senders know the webhook by, where it is not the
	// one that they call; the scheme twilio signs it.
	URL string `json:"url,omitempty"`
}

// rules are Settings as they are worked with.
type rules struct {
	Settings
	scheme       scheme
	tolerance    time.Duration
	dedup        time.Duration
	reply        bool
	action       core.Name // that replies; zero for that of the one rule
	replyTimeout time.Duration
}

const (
	defaultTolerance    = 5 * time.Minute
	defaultDedup        = 24 * time.Hour
	defaultDedupHMAC    = 5 * time.Minute // without a time or an id, the same bytes may well come again
	defaultReplyTimeout = 10 * time.Second
	minSecret           = 8 // bytes
	maxSecrets          = 5
)

// ParseSettings reads the annotation. KindInvalid.
func ParseSettings(annotation json.RawMessage) (Settings, error) {
	var s Settings
	if json.Unmarshal(annotation, &s.Scheme) != nil {
		decoder := json.NewDecoder(bytes.NewReader(annotation))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&s); err != nil {
			return s, core.Errorf(core.KindInvalid, "The annotation 'webhook' is not valid: %s.", strings.TrimPrefix(err.Error(), "json: "))
		}
	}
	_, err := s.parse("")
	return s, err
}

// parse reads the settings of a webhook in the namespace.
func (s Settings) parse(namespace string) (r rules, err error) {
	r.Settings = s
	var ok bool
	if r.scheme, ok = schemes()[s.Scheme]; !ok {
		return r, core.Errorf(core.KindInvalid, "webhook scheme '%s' is none of %s", s.Scheme, strings.Join(Schemes(), ", "))
	}
	r.tolerance, r.dedup, r.replyTimeout = defaultTolerance, defaultDedup, defaultReplyTimeout
	if s.Scheme == "hmac" && s.Timestamp == "" {
		r.dedup = defaultDedupHMAC
	}
	for _, d := range []struct {
		name, text string
		to         *time.Duration
		top        time.Duration
	}{
		{"tolerance", s.Tolerance, &r.tolerance, 24 * time.Hour},
		{"dedup", s.Dedup, &r.dedup, 30 * 24 * time.Hour},
		{"replyTimeout", s.ReplyTimeout, &r.replyTimeout, core.MaxBlocking},
	} {
		if d.text == "" {
			continue
		}
		if *d.to, err = time.ParseDuration(d.text); err != nil || *d.to < 0 || *d.to > d.top {
			return r, core.Errorf(core.KindInvalid, "%s '%s' is not a duration up to %s", d.name, d.text, d.top)
		}
	}
	if err := s.check(); err != nil {
		return r, err
	}
	return r, r.parseReply(namespace)
}

func (s Settings) check() error {
	for _, c := range []struct {
		name, value string
		allowed     []string
	}{
		{"algorithm", s.Algorithm, []string{"", "sha1", "sha256", "sha512"}},
		{"encoding", s.Encoding, []string{"", "hex", "base64"}},
		{"payload", s.Payload, []string{"", PayloadAuto, PayloadJSON, PayloadForm, PayloadRaw, PayloadCloudEvents}},
	} {
		if !contains(c.allowed, c.value) {
			return core.Errorf(core.KindInvalid, "%s '%s' is none of %s", c.name, c.value, strings.Join(c.allowed[1:], ", "))
		}
	}
	if s.Scheme != "hmac" && (s.Header+s.Algorithm+s.Encoding+s.Prefix+s.Timestamp != "") {
		return core.Errorf(core.KindInvalid, "header, algorithm, encoding, prefix and timestamp are for the scheme hmac")
	}
	secrets := s.secrets()
	if len(secrets) > maxSecrets {
		return core.Errorf(core.KindInvalid, "A webhook has at most %d secrets.", maxSecrets)
	}
	for _, secret := range secrets {
		if len(secret) < minSecret {
			return core.Errorf(core.KindInvalid, "The secret of a webhook has at least %d characters.", minSecret)
		}
		if _, err := keyOf(secret); err != nil {
			return err
		}
	}
	return nil
}

func contains(list []string, value string) bool {
	for _, one := range list {
		if one == value {
			return true
		}
	}
	return false
}

func (r *rules) parseReply(namespace string) error {
	text := string(bytes.TrimSpace(r.Reply))
	switch text {
	case "", "null", "false":
		return nil
	case "true":
		r.reply = true
		return nil
	}
	var name string
	if json.Unmarshal(r.Reply, &name) != nil || name == "" {
		return core.Errorf(core.KindInvalid, "reply is true, or the name of an action")
	}
	r.reply = true
	if namespace == "" {
		namespace = core.Self
	}
	if !strings.HasPrefix(name, "/") {
		name = "/" + namespace + "/" + name
	}
	var err error
	r.action, err = core.ParseName(name, namespace)
	return err
}

// secrets are all that the settings name.
func (s Settings) secrets() []string {
	if s.Secret == "" {
		return s.Secrets
	}
	return append([]string{s.Secret}, s.Secrets...)
}

// public are the settings without what is secret.
func (s Settings) public() Settings {
	s.Secret, s.Secrets, s.Verify = "", nil, ""
	return s
}

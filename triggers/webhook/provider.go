package webhook

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // what Twilio signs with
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// github reads "X-Hub-Signature-256: sha256=HEX", a MAC of the body.
func github(m *message, _ *Settings) (proof, error) {
	return one(m.header.Get("X-Hub-Signature-256"), "sha256=", "hex", m.body)
}

// one is a proof with one MAC by SHA-256.
func one(sent, prefix, encoding string, text []byte) (proof, error) {
	rest, ok := strings.CutPrefix(sent, prefix)
	if !ok || rest == "" {
		return proof{}, noProof
	}
	mac, err := decodeMAC(encoding, rest)
	if err != nil {
		return proof{}, badProof
	}
	return proof{hash: sha256.New, macs: [][]byte{mac}, texts: [][]byte{text}}, nil
}

// gitlab reads a signature as of Standard Webhooks, which GitLab sends where a
// signing token is set, or else the secret token itself.
func gitlab(m *message, s *Settings) (proof, error) {
	if m.header.Get("Webhook-Signature") != "" {
		return standard(m, s)
	}
	token := m.header.Get("X-Gitlab-Token")
	if token == "" {
		return proof{}, noProof
	}
	return proof{token: token}, nil
}

// stripe reads "Stripe-Signature: t=SECONDS,v1=HEX,…", MACs of "t.body".
func stripe(m *message, _ *Settings) (proof, error) {
	p := proof{hash: sha256.New}
	var seconds string
	for part := range strings.SplitSeq(m.header.Get("Stripe-Signature"), ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch key {
		case "t":
			seconds = value
		case "v1":
			if mac, err := hex.DecodeString(value); err == nil {
				p.macs = append(p.macs, mac)
			}
		}
	}
	return p.signed(seconds, seconds+".", m.body)
}

// signed completes a proof with its time and its text.
func (p proof) signed(seconds, before string, body []byte) (proof, error) {
	var err error
	if p.at, err = unix(seconds); err != nil {
		return p, err
	}
	if len(p.macs) == 0 {
		return p, noProof
	}
	p.texts = [][]byte{append([]byte(before), body...)}
	return p, nil
}

// slack reads "X-Slack-Signature: v0=HEX", a MAC of "v0:seconds:body".
func slack(m *message, _ *Settings) (proof, error) {
	p, err := one(m.header.Get("X-Slack-Signature"), "v0=", "hex", nil)
	if err != nil {
		return p, err
	}
	seconds := m.header.Get("X-Slack-Request-Timestamp")
	return p.signed(seconds, "v0:"+seconds+":", m.body)
}

// standard reads the headers of Standard Webhooks: MACs of "id.seconds.body",
// as "v1,BASE64" with spaces between.
func standard(m *message, _ *Settings) (proof, error) {
	p := proof{hash: sha256.New}
	id, seconds := m.header.Get("Webhook-Id"), m.header.Get("Webhook-Timestamp")
	if id == "" {
		return p, noProof
	}
	for part := range strings.FieldsSeq(m.header.Get("Webhook-Signature")) {
		text, ok := strings.CutPrefix(part, "v1,")
		if !ok {
			continue // of a key pair, or of a version to come
		}
		if mac, err := base64.StdEncoding.DecodeString(text); err == nil {
			p.macs = append(p.macs, mac)
		}
	}
	return p.signed(seconds, id+"."+seconds+".", m.body)
}

// plain reads the header of the settings, a MAC of the body, or of the time, a
// dot and the body.
func plain(m *message, s *Settings) (proof, error) {
	name := s.Header
	if name == "" {
		name = "X-Signature"
	}
	p, err := one(m.header.Get(name), s.Prefix, s.Encoding, m.body)
	if err != nil {
		return p, err
	}
	p.hash = hashOf(s.Algorithm)
	if s.Timestamp == "" {
		return p, nil
	}
	seconds := m.header.Get(s.Timestamp)
	return p.signed(seconds, seconds+".", m.body)
}

// bearer reads "Authorization: Bearer TOKEN", or the token in the path.
func bearer(m *message, _ *Settings) (proof, error) {
	if m.path != "" {
		return proof{token: m.path}, nil
	}
	kind, token, _ := strings.Cut(m.header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") || token == "" {
		return proof{}, noProof
	}
	return proof{token: strings.TrimSpace(token)}, nil
}

// none asks for nothing but the secret in the path, where there is one.
func none(m *message, _ *Settings) (proof, error) { return proof{token: m.path}, nil }

// twilio reads "X-Twilio-Signature: BASE64", a MAC by SHA-1 of the address
// that Twilio called, followed by the fields of a form in the order of their
// names. The digest of any other body is in the address (bodySHA256).
func twilio(m *message, _ *Settings) (proof, error) {
	sent := m.header.Get("X-Twilio-Signature")
	if sent == "" {
		return proof{}, noProof
	}
	mac, err := base64.StdEncoding.DecodeString(sent)
	if err != nil {
		return proof{}, badProof
	}
	p := proof{hash: sha1.New, macs: [][]byte{mac}}
	query, _ := url.ParseQuery(m.query) // what cannot be read has no digest
	var fields []byte
	switch want := query.Get("bodySHA256"); {
	case want != "":
		sum := sha256.Sum256(m.body)
		if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(strings.ToLower(want))) == 0 {
			return proof{}, badProof
		}
	case isForm(m.header.Get("Content-Type")):
		if fields, err = formText(m.body); err != nil {
			return proof{}, badProof
		}
	case len(m.body) > 0:
		return proof{}, noProof // nothing vouches for the body
	}
	for _, u := range m.urls {
		p.texts = append(p.texts, bytes.Join([][]byte{[]byte(u), fields}, nil))
	}
	return p, nil
}

// formText are the fields of a form as Twilio signs them: names and values
// without anything between, equal values once.
func formText(body []byte) ([]byte, error) {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	var out []byte
	for _, name := range slices.Sorted(maps.Keys(values)) {
		slices.Sort(values[name])
		for _, v := range slices.Compact(values[name]) {
			out = append(append(out, name...), v...)
		}
	}
	return out, nil
}

package webhook

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what Twilio signs with
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"hash"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// message is a delivery as it came, nothing of it believed yet.
type message struct {
	header http.Header
	body   []byte
	query  string
	path   string   // the secret in the path; "" for none
	urls   []string // that the sender may have called
}

// proof is what a message offers to show who sent it.
type proof struct {
	token string           // the secret itself
	hash  func() hash.Hash // or what made the MACs
	macs  [][]byte
	texts [][]byte  // one of these was signed
	at    time.Time // the signed time; zero for none
}

// scheme is one way in which senders prove who they are.
type scheme struct {
	// secret says that there must be at least one.
	secret bool
	// path says that the secret may be the last segment of the address.
	path bool
	// proof reads the message; its error says what is missing.
	proof func(m *message, s *Settings) (proof, error)
	// id returns the sender's id of the delivery, "" for none.
	id func(m *message) string
	// idSigned says that nobody else can make one up.
	idSigned bool
}

// schemes is the table of all ways. A new one is a row here, and a row of
// published vectors in its test.
func schemes() map[string]scheme {
	return map[string]scheme{
		"github":   {secret: true, proof: github, id: header("X-GitHub-Delivery")},
		"gitlab":   {secret: true, proof: gitlab, id: header("Idempotency-Key")},
		"stripe":   {secret: true, proof: stripe, id: field("id"), idSigned: true},
		"slack":    {secret: true, proof: slack, id: field("event_id"), idSigned: true},
		"twilio":   {secret: true, proof: twilio, id: header("I-Twilio-Idempotency-Token")},
		"standard": {secret: true, proof: standard, id: header("Webhook-Id"), idSigned: true},
		"hmac":     {secret: true, proof: plain, id: header("")},
		"bearer":   {secret: true, path: true, proof: bearer, id: header("")},
		"none":     {path: true, proof: none, id: header("")},
	}
}

// Schemes are the names of all schemes, sorted.
func Schemes() []string { return slices.Sorted(maps.Keys(schemes())) }

// NeedsSecret says whether a webhook of the scheme must have a secret.
func NeedsSecret(name string) bool { return schemes()[name].secret }

// refused is why a delivery is not believed.
type refused string

// Error returns the reason.
func (r refused) Error() string { return string(r) }

// Why a delivery is not believed.
const (
	noProof  = refused("there is no signature that the scheme asks for")
	badProof = refused("the signature fits none of the secrets")
	tooOld   = refused("the signed time is too far from now")
)

// claim is what a message has proved.
type claim struct {
	id    string   // the sender's, "" for none
	marks []string // what it is known by; see store.Intake
}

// verify says what a message has proved by one of the secrets.
func (r *rules) verify(m *message, secrets []string, now time.Time) (claim, error) {
	p, err := r.scheme.proof(m, &r.Settings)
	if err != nil {
		return claim{}, err
	}
	text, err := p.check(secrets, r.scheme.secret)
	if err != nil {
		return claim{}, err
	}
	if !p.at.IsZero() && now.Sub(p.at).Abs() > r.tolerance {
		return claim{}, tooOld
	}
	c := claim{id: r.scheme.id(m)}
	if c.id == "" && r.ID != "" {
		c.id = m.header.Get(r.ID)
	}
	if c.id != "" {
		c.marks = append(c.marks, "id "+c.id)
	}
	if text != nil && (c.id == "" || !r.scheme.idSigned) {
		sum := sha256.Sum256(text)
		c.marks = append(c.marks, "signed "+string(sum[:]))
	}
	return c, nil
}

// check compares with all secrets, in constant time for each, and returns the
// text that was signed; nil where nothing is.
func (p proof) check(secrets []string, needed bool) ([]byte, error) {
	if len(secrets) == 0 && !needed {
		return nil, nil
	}
	var signed []byte
	ok := false
	for _, s := range secrets {
		if p.hash == nil {
			same := subtle.ConstantTimeCompare(digest(p.token), digest(s)) == 1
			ok = ok || same
			continue
		}
		key, err := keyOf(s)
		if err != nil {
			continue
		}
		for _, text := range p.texts {
			mac := hmac.New(p.hash, key)
			mac.Write(text)
			sum := mac.Sum(nil)
			for _, sent := range p.macs {
				if hmac.Equal(sent, sum) {
					ok, signed = true, text
				}
			}
		}
	}
	if !ok {
		return nil, badProof
	}
	return signed, nil
}

// digest hides the length of what is compared.
func digest(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

// keyOf returns the key that a secret stands for: that of Standard Webhooks is
// base64 after a prefix.
func keyOf(secret string) ([]byte, error) {
	text, ok := strings.CutPrefix(secret, "whsec_")
	if !ok {
		return []byte(secret), nil
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, core.Errorf(core.KindInvalid, "A secret that begins with whsec_ goes on in base64.")
	}
	return key, nil
}

func header(name string) func(*message) string {
	return func(m *message) string {
		if name == "" {
			return ""
		}
		return m.header.Get(name)
	}
}

// field reads a text from the body.
func field(name string) func(*message) string {
	return func(m *message) string {
		var body map[string]json.RawMessage
		var text string
		if json.Unmarshal(m.body, &body) != nil || json.Unmarshal(body[name], &text) != nil {
			return ""
		}
		return text
	}
}

func unix(text string) (time.Time, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return time.Time{}, noProof
	}
	return time.Unix(n, 0), nil
}

func hashOf(algorithm string) func() hash.Hash {
	switch algorithm {
	case "sha1":
		return sha1.New
	case "sha512":
		return sha512.New
	}
	return sha256.New
}

func decodeMAC(encoding, text string) ([]byte, error) {
	if encoding == "base64" {
		return base64.StdEncoding.DecodeString(text)
	}
	return hex.DecodeString(text)
}

package webhook

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// vector is a message as the provider's own documents or tests show it.
type vector struct {
	settings Settings
	secret   string
	header   map[string]string
	body     string
	query    string
	urls     []string
	at       int64 // now, in seconds; 0 for any time
	id       string
}

const (
	slackBody = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar" +
		"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2F" +
		"commands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	standardSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	twilioSum      = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
)

func standardHeaders() map[string]string {
	return map[string]string{
		"Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "Webhook-Timestamp": "1614265330",
		"Webhook-Signature": "v1,bm9ldHUKfjsh9d4= v2,xyz v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
	}
}

func vectors() map[string]vector {
	form := url.Values{
		"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675309"}, "Digits": {"1234"}, "From": {"+14158675309"}, "To": {"+18005551212"},
	}
	const company = "https://mycompany.com/myapp.php?foo=1&bar=2"
	return map[string]vector{
		"github": {
			settings: Settings{Scheme: "github"}, secret: "It's a Secret to Everybody", body: "Hello, World!", id: "72d3162e",
			header: map[string]string{
				"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", "X-GitHub-Delivery": "72d3162e",
			},
		},
		"gitlab with a token": {
			settings: Settings{Scheme: "gitlab"}, secret: "a-secret-token", body: "{}", id: "f5e5f430",
			header: map[string]string{"X-Gitlab-Token": "a-secret-token", "Idempotency-Key": "f5e5f430"},
		},
		"gitlab with a signature": {
			settings: Settings{Scheme: "gitlab"}, secret: standardSecret, body: `{"test": 2432232314}`, at: 1614265330, header: standardHeaders(),
		},
		"standard webhooks": {
			settings: Settings{Scheme: "standard"}, secret: standardSecret, body: `{"test": 2432232314}`, at: 1614265330 + 299,
			id: "msg_p5jXN8AQM9LWM0D4loKWxJek", header: standardHeaders(),
		},
		"slack": {
			settings: Settings{Scheme: "slack"}, secret: "8f742231b10e8888abcd99yyyzzz85a5", at: 1531420618, body: slackBody,
			header: map[string]string{
				"X-Slack-Request-Timestamp": "1531420618",
				"X-Slack-Signature":         "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
			},
		},
		"twilio, a form": {
			settings: Settings{Scheme: "twilio"}, secret: "12345", body: form.Encode(), urls: []string{"http://mycompany.com/", company},
			header: map[string]string{
				"X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8=", "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
			},
		},
		"twilio, a body by its digest": {
			settings: Settings{Scheme: "twilio"}, secret: "12345", body: `{"property": "value", "boolean": true}`, query: "foo=1&bar=2&bodySHA256=" + twilioSum,
			urls:   []string{company + "&bodySHA256=" + twilioSum},
			header: map[string]string{"X-Twilio-Signature": "a9nBmqA0ju/hNViExpshrM61xv4=", "Content-Type": "application/json"},
		},
		"hmac as of RFC 4231, case 2, sha512 in hex": {
			settings: Settings{Scheme: "hmac", Header: "X-Mac", Algorithm: "sha512", Prefix: "mac=", ID: "X-Id"}, secret: "Jefe", body: "what do ya want for nothing?", id: "7",
			header: map[string]string{"X-Id": "7", "X-Mac": "mac=164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
		},
		"hmac as of RFC 4231, case 2, sha256 in base64": {
			settings: Settings{Scheme: "hmac", Encoding: "base64"}, secret: "Jefe", body: "what do ya want for nothing?",
			header: map[string]string{"X-Signature": "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="},
		},
		"bearer": {
			settings: Settings{Scheme: "bearer"}, secret: "mF_9.B5f-4.1JqM", header: map[string]string{"Authorization": "Bearer mF_9.B5f-4.1JqM"},
		},
		"stripe": {
			settings: Settings{Scheme: "stripe"}, secret: "stripe-secret", at: 1614265330, body: `{"id":"evt_1","object":"event"}`, id: "evt_1",
			header: map[string]string{"Stripe-Signature": "t=1614265330,v1=00ff,v1=f704562d596c11b5658ffe52b53877ec90b32f4479c54cf52169867b619cfe49,v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39"},
		},
	}
}

func (v vector) message() *message {
	h := http.Header{}
	for name, value := range v.header {
		h.Set(name, value)
	}
	return &message{header: h, body: []byte(v.body), query: v.query, urls: v.urls}
}

func (v vector) verify(t *testing.T, m *message, now time.Time, secrets ...string) (claim, error) {
	t.Helper()
	r, err := v.settings.parse("guest")
	if err != nil {
		t.Fatal(err)
	}
	return r.verify(m, secrets, now)
}

func (v vector) now() time.Time { return time.Unix(v.at, 0) }

func TestPublishedSignatures(t *testing.T) {
	t.Parallel()
	for name, v := range vectors() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := v.verify(t, v.message(), v.now(), v.secret)
			if err != nil || c.id != v.id && v.id != "" {
				t.Errorf("got %+v, %v; want the id %q", c, err, v.id)
			}
			if _, err := v.verify(t, v.message(), v.now(), "another-secret", v.secret); err != nil {
				t.Errorf("with two secrets: %v", err)
			}
			if _, err := v.verify(t, v.message(), v.now(), "another-secret"); !errors.Is(err, badProof) {
				t.Errorf("with another secret: got %v", err)
			}
			if _, err := v.verify(t, v.message(), v.now()); !errors.Is(err, badProof) {
				t.Errorf("without a secret: got %v", err)
			}
			bare := v.message()
			bare.header = http.Header{}
			if _, err := v.verify(t, bare, v.now(), v.secret); !errors.Is(err, noProof) {
				t.Errorf("without headers: got %v", err)
			}
			if v.at > 0 {
				for _, off := range []time.Duration{-10 * time.Minute, 10 * time.Minute} {
					if _, err := v.verify(t, v.message(), v.now().Add(off), v.secret); !errors.Is(err, tooOld) {
						t.Errorf("%s off: got %v", off, err)
					}
				}
			}
			changed := v.message()
			changed.body = append(changed.body, ' ')
			if _, err := v.verify(t, changed, v.now(), v.secret); err == nil && signsBody(v) {
				t.Error("a changed body is believed")
			}
		})
	}
}

// signsBody says whether the message vouches for its body.
func signsBody(v vector) bool {
	return v.settings.Scheme != "bearer" && v.header["X-Gitlab-Token"] == ""
}

func TestWhatADeliveryIsKnownBy(t *testing.T) {
	t.Parallel()
	v := vectors()
	marks := func(v vector, change func(http.Header)) []string {
		m := v.message()
		change(m.header)
		c, err := v.verify(t, m, v.now(), v.secret)
		if err != nil {
			t.Fatal(err)
		}
		return c.marks
	}
	keep := func(http.Header) {}
	hub := marks(v["github"], keep)
	if len(hub) != 2 {
		t.Fatalf("got %q, want the id and what was signed", hub)
	}
	if other := marks(v["github"], func(h http.Header) { h.Set("X-GitHub-Delivery", "other") }); other[1] != hub[1] {
		t.Error("a replay under another id is taken for new")
	}
	if bare := marks(v["github"], func(h http.Header) { h.Del("X-GitHub-Delivery") }); !cmp.Equal(bare, hub[1:]) {
		t.Error("a replay without its id is taken for new")
	}
	for _, name := range []string{"stripe", "standard webhooks"} {
		if got := marks(v[name], keep); !cmp.Equal(got, []string{"id " + v[name].id}) {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestSettingsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		`"github"`: true,
		`{"scheme":"hmac","header":"X","prefix":"sha256=","secrets":["12345678","abcdefgh"]}`:               true,
		`{"scheme":"none","reply":true,"replyTimeout":"3s","payload":"raw","dedup":"0"}`:                    true,
		`{"scheme":"none","reply":"pkg/act"}`:                                                               true,
		`{"scheme":"nobody"}`:                                                                               false,
		`{"scheme":"github","header":"X"}`:                                                                  false,
		`{"scheme":"github","secret":"short"}`:                                                              false,
		`{"scheme":"standard","secret":"whsec_!!!!!!"}`:                                                     false,
		`{"scheme":"github","secrets":["12345678","2345678a","345678ab","45678abc","5678abcd","678abcde"]}`: false,
		`{"scheme":"github","tolerance":"yes"}`:                                                             false,
		`{"scheme":"github","replyTimeout":"1h"}`:                                                           false,
		`{"scheme":"github","reply":7}`:                                                                     false,
		`{"scheme":"github","payload":"xml"}`:                                                               false,
		`{"scheme":"github","colour":"red"}`:                                                                false,
		`{}`:                                                                                                false,
		`7`:                                                                                                 false,
	} {
		if _, err := ParseSettings(json.RawMessage(text)); err == nil != ok {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

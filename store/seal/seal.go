// Package seal encrypts values before they are stored, with XChaCha20-Poly1305
// and keys that the database does not have.
//
// A sealed value is a text "ID.BASE64": which key, then nonce and ciphertext.
// It is bound to its place: moved to another, it does not open.
package seal

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

// Cipher is the name under which sealed values are known.
const Cipher = "xchacha20-poly1305"

// Why a value does not open.
var (
	ErrNoKey  = errors.New("it is sealed with a key that is not there")
	ErrBroken = errors.New("it is sealed and was changed or moved")
)

// Keys seal with the first of them and open with any. They are safe for
// concurrent use.
type Keys struct{ list []key }

type key struct {
	id   string
	aead cipher.AEAD
}

// Generate returns the text of a key file with one new key.
func Generate() []byte {
	var secret [chacha20poly1305.KeySize]byte
	_, _ = rand.Read(secret[:]) // never fails: crypto/rand documents that it panics instead
	return []byte("# The first key seals, all of them open.\n" + hex.EncodeToString(secret[:]) + "\n")
}

// Parse reads a key file: a key of 64 hexadecimal digits on each line. Empty
// lines and those that begin with # are skipped.
func Parse(text []byte) (*Keys, error) {
	k := &Keys{}
	for i, line := range bytes.Split(text, []byte("\n")) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		secret, err := hex.DecodeString(string(line))
		if err != nil || len(secret) != chacha20poly1305.KeySize {
			// Not the cause: it shows a part of the key.
			return nil, fmt.Errorf("line %d is not a key of %d hexadecimal digits", i+1, 2*chacha20poly1305.KeySize)
		}
		aead, err := chacha20poly1305.NewX(secret)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		// The digest of a random key tells nothing of it.
		sum := sha256.Sum256(append([]byte("id of "), secret...))
		k.list = append(k.list, key{id: hex.EncodeToString(sum[:4]), aead: aead})
	}
	if len(k.list) == 0 {
		return nil, errors.New("there is no key in it")
	}
	return k, nil
}

// ID names the key that seals.
func (k *Keys) ID() string { return k.list[0].id }

// Has says whether there is a key of that name.
func (k *Keys) Has(id string) bool { return k.find(id) != nil }

func (k *Keys) find(id string) cipher.AEAD {
	if k == nil {
		return nil
	}
	for _, key := range k.list {
		if key.id == id {
			return key.aead
		}
	}
	return nil
}

// Seal seals a value that lies at place.
func (k *Keys) Seal(value []byte, place string) string {
	first := k.list[0]
	nonce := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+len(value)+first.aead.Overhead())
	_, _ = rand.Read(nonce) // never fails, see above
	sealed := first.aead.Seal(nonce, nonce, value, []byte(place))
	return first.id + "." + base64.RawStdEncoding.EncodeToString(sealed)
}

// Open opens what was sealed at the same place. ErrNoKey, also without any
// keys (nil), or ErrBroken.
func (k *Keys) Open(sealed, place string) ([]byte, error) {
	id, text, _ := strings.Cut(sealed, ".")
	aead := k.find(id)
	if aead == nil {
		return nil, fmt.Errorf("key %q: %w", id, ErrNoKey)
	}
	b, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(b) < chacha20poly1305.NonceSizeX {
		return nil, ErrBroken
	}
	nonce, body := b[:chacha20poly1305.NonceSizeX], b[chacha20poly1305.NonceSizeX:]
	value, err := aead.Open(nil, nonce, body, []byte(place))
	if err != nil {
		return nil, ErrBroken
	}
	return value, nil
}

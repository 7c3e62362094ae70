package apiserver

import (
	"crypto/rand"
	"strings"

	"github.com/labstack/echo/v4"
)

// Transaction ids that begin so are the system's own; clients cannot claim
// one.
const systemPrefix = "sid_"

const maxTransactionID = 256

// transaction gives every request an id, the client's own where it sent a
// fit one, and puts it on the response, where the dialects read it.
func transaction(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := c.Request().Header.Get(echo.HeaderXRequestID)
		if !fitTransactionID(id) {
			id = newTransactionID()
		}
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		return next(c)
	}
}

func fitTransactionID(id string) bool {
	if id == "" || len(id) > maxTransactionID || strings.HasPrefix(id, systemPrefix) {
		return false
	}
	for i := range len(id) {
		if id[i] < 0x21 || id[i] > 0x7e {
			return false
		}
	}
	return true
}

// newTransactionID returns 32 random letters and digits.
func newTransactionID() string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand documents that it panics instead
	for i, x := range b {
		b[i] = alphabet[int(x)%len(alphabet)] // an id, not a secret: the small bias is harmless
	}
	return string(b[:])
}

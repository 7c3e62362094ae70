package core

import (
	"errors"
	"fmt"
	"time"
)

// Kind classes an expected failure. A dialect turns it into a status code,
// in its errors.go and nowhere else.
type Kind int

// The kinds of expected failure. KindInternal is everything that is not a
// *Error: it is logged, and shown to the caller as "internal error".
const (
	KindInternal        Kind = iota
	KindInvalid              // the request makes no sense: bad name, limit or body
	KindUnauthenticated      // no credentials, or not valid ones
	KindForbidden            // valid credentials, no right to the resource
	KindNotFound             // no such entity or activation
	KindConflict             // edit conflict, or a name held by another type
	KindTooLarge             // an entity or request over its size limit
	KindThrottled            // over a rate or concurrency limit; see RetryAfter
	KindUnprocessable        // well formed, and contradicts itself
	KindOutOfRange           // a limit beyond what the platform or the namespace allows
	KindUnavailable          // a dependency does not answer; nothing was accepted
)

// String returns the kind's name in lower case.
func (k Kind) String() string {
	switch k {
	case KindInvalid:
		return "invalid"
	case KindUnauthenticated:
		return "unauthenticated"
	case KindForbidden:
		return "forbidden"
	case KindNotFound:
		return "not found"
	case KindConflict:
		return "conflict"
	case KindTooLarge:
		return "too large"
	case KindThrottled:
		return "throttled"
	case KindUnprocessable:
		return "unprocessable"
	case KindOutOfRange:
		return "out of range"
	case KindUnavailable:
		return "unavailable"
	case KindInternal:
	}
	return "internal"
}

// ParseKind is the reverse of String; KindInternal for what is no kind.
func ParseKind(s string) Kind {
	for k := KindInternal; k <= KindUnavailable; k++ {
		if k.String() == s {
			return k
		}
	}
	return KindInternal
}

// Error is a failure that the caller caused or can act on. Message is a
// sentence fit for that caller. RetryAfter is set on KindThrottled and may be
// set on KindUnavailable. Err, if any, is the cause, for the log only.
type Error struct {
	Kind       Kind
	Message    string
	RetryAfter time.Duration
	Err        error
}

// Error returns the message, and the cause after a colon if there is one.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error of the kind with a formatted message.
func Errorf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Unavailable wraps the failure of a dependency. doing says what was being
// done, as in "read action".
func Unavailable(doing string, err error) *Error {
	return &Error{Kind: KindUnavailable, Message: doing, Err: err, RetryAfter: time.Second}
}

// KindOf returns the kind of the first *Error in err's chain, KindInternal
// when there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindInternal
}

package core

import "time"

// Namespace is a tenant: it owns entities and activations and is charged for
// what it runs.
type Namespace struct {
	Name    string
	Quota   Quota
	Blocked bool
	Created time.Time
	// Labels and Annotations are what clients of the function API noted on it.
	Labels, Annotations map[string]string
}

// Quota bounds a namespace. A nil field means the platform's default, a 0 of
// a rate rejects every call.
type Quota struct {
	InvocationsPerMinute  *int
	FiresPerMinute        *int
	ConcurrentInvocations *int
	AllowedKinds          []string // nil: all kinds
	StoreActivations      *bool    // nil: true
}

// Rates are the effective bounds of a namespace.
type Rates struct {
	InvocationsPerMinute  int
	FiresPerMinute        int
	ConcurrentInvocations int
}

// DefaultRates are generous: one self-hosted machine, its own users.
func DefaultRates() Rates {
	return Rates{InvocationsPerMinute: 10_000, FiresPerMinute: 10_000, ConcurrentInvocations: 1_000}
}

// Of returns the rates with the quota's own values in their place.
func (r Rates) Of(q Quota) Rates {
	for _, f := range []struct {
		to   *int
		from *int
	}{
		{&r.InvocationsPerMinute, q.InvocationsPerMinute},
		{&r.FiresPerMinute, q.FiresPerMinute},
		{&r.ConcurrentInvocations, q.ConcurrentInvocations},
	} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	return r
}

// Stores says whether activations of the namespace are kept.
func (q Quota) Stores() bool { return q.StoreActivations == nil || *q.StoreActivations }

// Credentials are what a client sends: UUID picks the key, Secret proves it.
type Credentials struct{ UUID, Secret string }

// String returns "uuid:secret", the form of a Basic authorization. It is a
// secret: never log it.
func (c Credentials) String() string { return c.UUID + ":" + c.Secret }

// Subject is an authenticated caller. One key belongs to one subject and one
// namespace.
type Subject struct {
	Name      string // of the person or system that holds the key
	UUID      string // of the key
	Namespace Namespace
}

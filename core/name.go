package core

import (
	"regexp"
	"strings"
)

// MaxNameLength is the longest name of a namespace, package or entity, in
// bytes (OpenWhisk's EntityName).
const MaxNameLength = 256

// DefaultPackage is the name that stands for "no package" in URLs of web
// actions; no package can be created under it.
const DefaultPackage = "default"

// Self is the namespace segment that means "the namespace of the credentials".
const Self = "_"

// A segment starts with a word character and does not end in a space.
var segment = regexp.MustCompile(`\A(\w|\w[\w@ .&-]{0,254}[\w@.&-])\z`)

// Name is the full name of an entity. Package is empty for entities outside a
// package; packages themselves, triggers and rules never have one.
type Name struct {
	Namespace string
	Package   string
	Name      string
}

// String returns "/namespace/[package/]name".
func (n Name) String() string { return "/" + n.Full() }

// Full returns "namespace/[package/]name", without the leading slash.
func (n Name) Full() string { return n.Path() + "/" + n.Name }

// Path returns "namespace[/package]": where the entity lives.
func (n Name) Path() string {
	if n.Package == "" {
		return n.Namespace
	}
	return n.Namespace + "/" + n.Package
}

// Local returns "[package/]name": the name inside the namespace, which is
// also the entity's key in the name space that all entity types share.
func (n Name) Local() string {
	if n.Package == "" {
		return n.Name
	}
	return n.Package + "/" + n.Name
}

// IsZero says whether the name is empty.
func (n Name) IsZero() bool { return n == Name{} }

// Valid returns an Error of KindInvalid when a segment breaks the name rules.
func (n Name) Valid() error {
	if err := ValidNamespace(n.Namespace); err != nil {
		return err
	}
	if n.Package != "" {
		if err := ValidSegment(n.Package); err != nil {
			return err
		}
	}
	return ValidSegment(n.Name)
}

// ValidSegment checks the name of an entity or package.
func ValidSegment(s string) error {
	if len(s) > MaxNameLength {
		return Errorf(KindInvalid, "Name segement longer than allowed: %d > %d.", len(s), MaxNameLength)
	}
	if !segment.MatchString(s) {
		return Errorf(KindInvalid, "The name of the entity contains illegal characters.")
	}
	return nil
}

// ValidNamespace checks the name of a namespace.
func ValidNamespace(s string) error {
	if len(s) > MaxNameLength {
		return Errorf(KindInvalid, "Namespace longer than allowed: %d > %d.", len(s), MaxNameLength)
	}
	if !segment.MatchString(s) {
		return Errorf(KindInvalid, "The namespace contains illegal characters.")
	}
	return nil
}

// ParseName reads "/ns/name", "/ns/pkg/name", "ns/name" or "ns/pkg/name";
// self replaces the namespace "_". Fewer than two segments, more than three,
// or a bad segment are an Error of KindInvalid.
func ParseName(s, self string) (Name, error) {
	parts := strings.Split(strings.TrimPrefix(s, "/"), "/")
	var n Name
	switch len(parts) {
	case 2:
		n = Name{Namespace: parts[0], Name: parts[1]}
	case 3:
		if parts[1] == "" { // would be the name of something outside packages
			return Name{}, ValidSegment("")
		}
		n = Name{Namespace: parts[0], Package: parts[1], Name: parts[2]}
	default:
		return Name{}, Errorf(KindInvalid, "requirement failed: The fully qualified name of the entity must contain at least the namespace and the name of the entity.")
	}
	if n.Namespace == Self && self != "" {
		n.Namespace = self
	}
	if err := n.Valid(); err != nil {
		return Name{}, err
	}
	return n, nil
}

// ParseLocal reads "[package/]name", the inverse of Name.Local.
func ParseLocal(namespace, local string) Name {
	if pkg, name, ok := strings.Cut(local, "/"); ok {
		return Name{Namespace: namespace, Package: pkg, Name: name}
	}
	return Name{Namespace: namespace, Name: local}
}

// Package kinds reads the runtimes manifest: which kinds of action there are,
// and in which image each runs. The format is OpenWhisk's.
package kinds

// Kind is one runtime.
type Kind struct {
	Name        string // "nodejs:24"
	Family      string // "nodejs"
	Image       string // a reference as Docker takes it
	Default     bool   // what "family:default" means
	Deprecated  bool
	RequireMain bool
	// Attached says whether the manifest wants the code kept as an attachment.
	// It is shown to clients; nothing here depends on it.
	Attached bool
	// Sentinelled says whether the runtime closes each activation's logs with
	// the sentinel line.
	Sentinelled bool
	// Foreign images are not of this project: TCP, own user, no hardening that
	// they might not bear.
	Foreign bool
	// Runtime is the low-level (OCI) runtime of its containers, such as "runsc",
	// by the name under which the engine knows it; empty means the engine's.
	Runtime   string
	StemCells []StemCell
}

// StemCell is a number of started containers kept ready, before they know
// their action.
type StemCell struct {
	Count    int
	Memory   int       // MB
	Reactive *Reactive // nil: Count never changes
}

// Package core holds the nouns of Hearth: names, entities, activations and
// the errors that a caller can cause.
//
// It imports nothing of ours and does no input or output. It speaks no
// dialect: JSON forms that clients see live under apiserver, stored forms
// under store.
package core

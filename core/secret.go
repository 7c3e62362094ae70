package core

import "regexp"

// A DNS-1123 subdomain, as Kubernetes and faas-cli want it; it is the name of
// a file in the container too.
var secretName = regexp.MustCompile(`\A[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z`)

// maxSecretName is the longest DNS name.
const maxSecretName = 253

// ValidSecretName checks the name of a secret; the Error is of KindInvalid.
func ValidSecretName(s string) error {
	if len(s) > maxSecretName || !secretName.MatchString(s) {
		return Errorf(KindInvalid, "the name of a secret consists of lower-case letters, digits, '-' and '.', "+
			"and begins and ends with a letter or digit")
	}
	return nil
}

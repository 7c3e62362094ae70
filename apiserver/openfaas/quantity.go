package openfaas

import (
	"math"
	"math/big"
	"regexp"
	"strings"

	"github.com/hearth-faas/hearth/core"
)

// A quantity of Kubernetes: a decimal number with a suffix, or an exponent.
var quantity = regexp.MustCompile(`\A([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d{1,2})|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?)\z`)

// scale is what a suffix multiplies by, as powers of ten and of two.
var scales = map[string]struct{ ten, two int }{ //nolint:gochecknoglobals // a constant in all but form
	"": {}, "n": {ten: -9}, "u": {ten: -6}, "m": {ten: -3}, "k": {ten: 3}, "M": {ten: 6}, "G": {ten: 9}, "T": {ten: 12}, "P": {ten: 15}, "E": {ten: 18},
	"Ki": {two: 10}, "Mi": {two: 20}, "Gi": {two: 30}, "Ti": {two: 40}, "Pi": {two: 50}, "Ei": {two: 60},
}

// parseQuantity reads a quantity that is not negative; what is the name of the
// field, for the error of KindInvalid.
func parseQuantity(s, what string) (*big.Rat, error) {
	parts := quantity.FindStringSubmatch(s)
	bad := core.Errorf(core.KindInvalid, "%s: quantity %q is not valid", what, s)
	if parts == nil {
		return nil, bad
	}
	n, ok := new(big.Rat).SetString(strings.TrimSuffix(parts[1], ".") + strings.ToLower(parts[2]))
	if !ok || n.Sign() < 0 {
		return nil, bad
	}
	by := scales[parts[3]]
	ten := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(by.ten, -by.ten))), nil))
	if by.ten < 0 {
		ten.Inv(ten)
	}
	two := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(by.two)))
	return n.Mul(n.Mul(n, ten), two), nil
}

// megabytes is a quantity of bytes in MB (2^20), rounded up.
func megabytes(n *big.Rat) int {
	f, _ := new(big.Rat).Quo(n, big.NewRat(1<<20, 1)).Float64()
	return int(min(math.Ceil(f), math.MaxInt32))
}

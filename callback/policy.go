package callback

import (
	"net/netip"
	"net/url"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"

	"github.com/hearth-faas/hearth/core"
)

// Policy says which addresses callbacks may go to: those of the public
// internet, and what is allowed besides. It is safe for concurrent use.
type Policy struct{ guard *ssrf.Guardian }

// NewPolicy makes a Policy that allows the prefixes too.
func NewPolicy(allow []netip.Prefix) *Policy {
	var four, six []netip.Prefix
	for _, p := range allow {
		switch {
		case p.Addr().Is4In6() && p.Bits() >= 96:
			four = append(four, netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96))
		case p.Addr().Is4():
			four = append(four, p)
		default:
			six = append(six, p)
		}
	}
	return &Policy{ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(four...), ssrf.WithAllowedV6Prefixes(six...))}
}

// refused is the sentence for an address that may not be called.
const refused = "The callback's address is not a public one; the operator may open it with --callback-allow."

// Check refuses a URL whose host is an address that may not be called, or
// names this machine. What other names stand for is seen when they are
// called. The Error is of KindInvalid.
func (p *Policy) Check(u *url.URL) error {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		host = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return nil //nolint:nilerr // it is a name
	}
	if p.addr(ip) != nil {
		return core.Errorf(core.KindInvalid, refused)
	}
	return nil
}

// addr judges an IPv4 address in the form of IPv6 by what it is.
func (p *Policy) addr(ip netip.Addr) error { return p.guard.SafeAddr(ip.WithZone("").Unmap()) }

// control is a net.Dialer's Control: it sees the address that is connected
// to, after all names have been resolved.
func (p *Policy) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return core.Errorf(core.KindInvalid, refused)
	}
	if p.addr(at.Addr()) != nil {
		return core.Errorf(core.KindInvalid, refused)
	}
	return nil
}

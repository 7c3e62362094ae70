package foreign_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/store/foreign"
)

func TestWhereAConnectionMayLead(t *testing.T) {
	t.Parallel()
	loopback := netip.MustParsePrefix("127.0.0.0/8")
	for what, test := range map[string]struct {
		url   string
		allow []netip.Prefix
		want  string
	}{
		"anywhere, where nothing bounds it":        {"redis://127.0.0.1:1", nil, "refused"},
		"a range that is allowed":                  {"redis://127.0.0.1:1", []netip.Prefix{loopback}, "refused"},
		"an address outside of it":                 {"redis://192.0.2.1:1", []netip.Prefix{loopback}, "not allowed"},
		"where clouds keep secrets":                {"redis://169.254.169.254", nil, "not allowed"},
		"the same in the clothes of IPv6":          {"redis://[::ffff:169.254.169.254]", nil, "not allowed"},
		"a loopback that another range leaves out": {"rediss://127.0.0.1:1", []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, "not allowed"},
	} {
		r, err := foreign.Open(test.url, foreign.Options{Allow: test.allow})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", what, err, test.want)
		}
		_ = r.Close()
	}
}

func TestErrorsShowNoPassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"redis://:canary@h:port", "http://:canary@h", "redis://:canary@h/x/y", "redis://u:canary@"} {
		if _, err := foreign.Open(url, foreign.Options{}); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: got %v", url, err)
		}
	}
}

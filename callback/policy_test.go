package callback_test

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/callback"
	"github.com/hearth-faas/hearth/core"
)

func TestAddressesThatMayNotBeCalled(t *testing.T) {
	t.Parallel()
	closed := callback.NewPolicy(nil)
	open := callback.NewPolicy([]netip.Prefix{
		netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::ffff:10.1.0.0/112"), netip.MustParsePrefix("fd00::/8"),
	})
	tests := map[string]struct{ closed, open bool }{
		"http://example.org/":              {true, true}, // a name is judged when it is called
		"http://93.184.215.14/":            {true, true},
		"http://[2606:2800:21f::1]/":       {true, true},
		"http://127.0.0.1:8080/":           {false, true},
		"http://127.1.2.3/":                {false, true},
		"http://localhost/":                {false, true},
		"http://LOCALHOST./":               {false, true},
		"http://a.localhost/":              {false, true},
		"http://[::1]/":                    {false, false},
		"http://[::ffff:127.0.0.1]/":       {false, true},
		"http://[::ffff:10.1.2.3]/":        {false, true},
		"http://10.1.2.3/":                 {false, true},
		"http://10.2.2.3/":                 {false, false},
		"http://172.16.0.1/":               {false, false},
		"http://192.168.1.1/":              {false, false},
		"http://169.254.169.254/latest":    {false, false},
		"http://100.64.0.1/":               {false, false},
		"http://0.0.0.0/":                  {false, false},
		"http://[::]/":                     {false, false},
		"http://224.0.0.1/":                {false, false},
		"http://255.255.255.255/":          {false, false},
		"http://[fe80::1%25eth0]/":         {false, false},
		"http://[fd00::1]/":                {false, true},
		"http://[ff02::1]/":                {false, false},
		"http://[64:ff9b::7f00:1]/":        {false, false},
		"http://[64:ff9b:1::a00:1]/":       {false, false},
		"http://[2002:7f00:1::]/":          {false, false},
		"http://[2001:0:7f00:1::]/":        {false, false},
		"http://[::127.0.0.1]/":            {false, false},
		"http://[fd00:ec2::254]/metadata/": {false, true},
	}
	for text, want := range tests {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		for policy, ok := range map[*callback.Policy]bool{closed: want.closed, open: want.open} {
			err := policy.Check(u)
			if ok != (err == nil) || err != nil && (core.KindOf(err) != core.KindInvalid || !strings.Contains(err.Error(), "--callback-allow")) {
				t.Errorf("%s: got %v, want allowed: %v", text, err, ok)
			}
		}
	}
}

// TestNamesOfClosedAddressesAreNotCalled has names that look public and stand
// for this machine, and a form of its address that only a resolver reads.
func TestNamesOfClosedAddressesAreNotCalled(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"rebound.example", "localhost.rebound.example"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			rec := receive(t, nil)
			_, port, _ := strings.Cut(strings.TrimPrefix(rec.URL, "http://"), ":")
			opt := quick()
			opt.Policy = callback.NewPolicy(nil)
			opt.Resolver = rebinding(t)
			w.send(opt)
			ref := w.call("http://"+host+":"+port+"/", core.FormEnvelope, succeeded(`{}`))
			d := w.delivery(string(ref.ID)+"-end", core.DeliveryDead)
			if !strings.Contains(d.Why, "--callback-allow") || len(rec.requests()) != 0 || d.Tries != 1 {
				t.Errorf("got %d requests, %+v", len(rec.requests()), d)
			}
		})
	}
}

func TestTheProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	proxy := receive(t, nil)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	w := newWorld(t)
	opt := quick()
	opt.Policy = local()
	opt.Resolver = rebinding(t)
	rec := receive(t, nil)
	_, port, _ := strings.Cut(strings.TrimPrefix(rec.URL, "http://"), ":")
	w.send(opt)
	ref := w.call("http://public.example:"+port+"/", core.FormEnvelope, succeeded(`{}`))
	w.delivery(string(ref.ID)+"-end", core.DeliveryDone)
	if len(proxy.requests()) != 0 || len(rec.requests()) != 1 {
		t.Errorf("%d requests came to the proxy, %d to the receiver", len(proxy.requests()), len(rec.requests()))
	}
}

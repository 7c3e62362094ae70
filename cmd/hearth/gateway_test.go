package main

import (
	"net"
	"testing"
)

func TestWhereContainersReachTheServer(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, listens string
		tls           bool
		want          string
	}{
		{"everywhere, so also at the gateway", "0.0.0.0", false, "10.1.0.1"},
		{"everywhere, of both families", "::", false, "10.1.0.1"},
		{"at an address of the machine", "192.0.2.7", false, "192.0.2.7"},
		{"not on its loopback interface", "127.0.0.1", false, ""},
		{"not with a certificate for others", "0.0.0.0", true, ""},
		{"nor with one for an address of the machine", "192.0.2.7", true, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := outward(net.ParseIP(test.listens), test.tls, "10.1.0.1"); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

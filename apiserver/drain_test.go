package apiserver_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/apiserver"
)

// mountGate adds a route that says when a call is in and answers once release
// is closed, or with 503 when its context ends first.
func mountGate(in chan<- struct{}, release <-chan struct{}) func(*echo.Echo) {
	return func(e *echo.Echo) {
		e.GET("/gate", func(c echo.Context) error {
			in <- struct{}{}
			select {
			case <-release:
				return c.NoContent(http.StatusOK)
			case <-c.Request().Context().Done():
				return c.NoContent(http.StatusServiceUnavailable)
			}
		})
	}
}

func TestStoppingWaitsForCallsInFlight(t *testing.T) {
	t.Parallel()
	in, release := make(chan struct{}, 1), make(chan struct{})
	url, stop := start(t, apiserver.Options{Drain: patience, Mounts: []func(*echo.Echo){mountGate(in, release)}})
	got := make(chan int, 1)
	go func() {
		resp, err := http.Get(url + "/gate")
		if err != nil {
			got <- 0
			return
		}
		_ = resp.Body.Close()
		got <- resp.StatusCode
	}()
	<-in
	stop()
	waitRefused(t, url)
	close(release)
	if code := <-got; code != http.StatusOK {
		t.Errorf("the call in flight ended with %d", code)
	}
}

func TestWhatOutlastsTheDrainIsCutOffAndMayAnswer(t *testing.T) {
	t.Parallel()
	in, release := make(chan struct{}, 1), make(chan struct{})
	opt := apiserver.Options{Addr: "127.0.0.1:0", Drain: 10 * time.Millisecond, Mounts: []func(*echo.Echo){mountGate(in, release)}}
	s := newServer(t, opt)
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	got := make(chan int, 1)
	go func() {
		resp, err := http.Get("http://" + s.Addr().String() + "/gate")
		if err != nil {
			got <- 0
			return
		}
		_ = resp.Body.Close()
		got <- resp.StatusCode
	}()
	<-in
	stop()
	if code := <-got; code != http.StatusServiceUnavailable {
		t.Errorf("the call was cut off with %d", code)
	}
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("run: %v", err)
		}
	case <-time.After(patience):
		t.Error("the server does not stop")
	}
}

// waitRefused returns once nobody listens any more.
func waitRefused(t *testing.T, url string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		resp, err := client.Get(url + "/healthz")
		if err != nil {
			return
		}
		_ = resp.Body.Close()
	}
	t.Fatal("the server still accepts connections")
}

func TestAnAddressInUseIsAnError(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := newServer(t, apiserver.Options{Addr: l.Addr().String()}).Run(t.Context()); err == nil {
		t.Error("the server runs on a port of somebody else")
	}
}

func TestTLSIsServedFromFiles(t *testing.T) {
	t.Parallel()
	cert, key, pool := certificate(t)
	url, _ := start(t, apiserver.Options{CertFile: cert, KeyFile: key})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	defer client.CloseIdleConnections()
	resp, err := client.Get("https" + url[len("http"):] + "/ping")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("got %d", resp.StatusCode)
	}
}

// certificate makes one for 127.0.0.1 that signs itself.
func certificate(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, data := range map[string][]byte{certFile: certPEM, keyFile: keyPEM} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return certFile, keyFile, pool
}

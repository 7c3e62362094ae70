package watchdog

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
)

// Headers that the platform gives every call of a function.
const (
	HeaderCallID    = "X-Call-Id"
	HeaderStartTime = "X-Start-Time"
	// HeaderInternal marks answers that the platform or a watchdog made, and
	// names which part.
	HeaderInternal = "X-OpenFaaS-Internal"
)

// Forwarder passes requests on. Bodies are streamed both ways as they come,
// trailers included, upgraded connections are joined, redirects are passed
// back, and a client that leaves takes the call with it. Safe for concurrent
// use.
type Forwarder struct{ proxy *httputil.ReverseProxy }

// NewForwarder returns a Forwarder that sends requests through to, and has
// failed answer where that gives an error. The URL of a request is its path
// and query at the function, escaped as the client sent them.
func NewForwarder(to http.RoundTripper, failed func(http.ResponseWriter, *http.Request, error)) *Forwarder {
	return &Forwarder{&httputil.ReverseProxy{
		Rewrite:       rewrite,
		Transport:     to,
		FlushInterval: -1,
		BufferPool:    newBuffers(),
		ErrorHandler:  failed,
		ErrorLog:      log.New(io.Discard, "", 0), // of clients that leave, mostly
	}}
}

// ServeHTTP passes one request on.
func (f *Forwarder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		// Otherwise the server would wait for the end of the request before it
		// sends the first byte of an answer. HTTP/2 needs no leave for that.
		_ = http.NewResponseController(w).EnableFullDuplex()
	}
	f.proxy.ServeHTTP(w, r)
}

// rewrite gives the request what functions find in it. The proxy has dropped
// what concerns one connection only.
func rewrite(p *httputil.ProxyRequest) {
	in, out := p.In, p.Out
	out.URL.Scheme, out.URL.Host = "http", in.Host
	// Its values come at the end of the body, into the map of the original.
	out.Trailer = in.Trailer
	for _, name := range []string{"Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values, ok := in.Header[name]; ok {
			out.Header[name] = values
		}
	}
	client, _, err := net.SplitHostPort(in.RemoteAddr)
	if err != nil {
		client = in.RemoteAddr
	}
	out.Header.Set("X-Forwarded-For", strings.Join(append(in.Header.Values("X-Forwarded-For"), client), ", "))
	if out.Header.Get("X-Forwarded-Host") == "" {
		out.Header.Set("X-Forwarded-Host", in.Host)
	}
	if out.Header.Get("X-Forwarded-Proto") == "" {
		out.Header.Set("X-Forwarded-Proto", scheme(in))
	}
	out.Host = "" // that of the container
}

func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

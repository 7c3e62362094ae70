package direct

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/http/httputil"
	"net/url"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// What a call carries from one process to a worker's ingress, beside all that
// the function gets.
const (
	headerNamespace = "X-Hearth-Namespace"
	headerFunction  = "X-Hearth-Function"
	headerKey       = "X-Hearth-Key"
	headerClient    = "X-Hearth-Client"
	// headerRefusal says why an ingress did not pass a call on.
	headerRefusal = "X-Hearth-Refusal"
)

// The values of headerRefusal.
const (
	refusalNone = "none" // no replica: nothing was sent
	refusalTime = "time" // no answer began in time
	refusalGone = "gone" // the replica did not answer
)

// forwarded are headers that a proxy drops unless it is told to keep them.
func forwarded() []string {
	return []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"}
}

// outward makes the request one for the ingress.
func outward(p *httputil.ProxyRequest, name core.Name, spot control.Spot) error {
	base, err := url.Parse(spot.Ingress)
	if err != nil {
		return err
	}
	p.Out.URL.Scheme, p.Out.URL.Host, p.Out.Host = base.Scheme, base.Host, p.In.Host
	p.Out.Trailer = p.In.Trailer
	for _, h := range forwarded() {
		if values, ok := p.In.Header[h]; ok {
			p.Out.Header[h] = values
		}
	}
	if p.In.TLS != nil && p.In.Header.Get("X-Forwarded-Proto") == "" {
		p.Out.Header.Set("X-Forwarded-Proto", "https")
	}
	p.Out.Header.Set(headerNamespace, name.Namespace)
	p.Out.Header.Set(headerFunction, name.Name)
	p.Out.Header.Set(headerKey, spot.Key)
	p.Out.Header.Set(headerClient, p.In.RemoteAddr)
	return nil
}

// refused turns the refusal of an ingress into the error that it stands for.
func refused(res *http.Response) error {
	switch res.Header.Get(headerRefusal) {
	case "":
		return nil
	case refusalNone:
		return core.ErrNoReplica
	case refusalTime:
		return context.DeadlineExceeded
	}
	return ErrReplica
}

// Ingress takes the calls of other processes for the replicas here. They must
// carry the key.
func Ingress(local Local, key string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := core.Name{Namespace: r.Header.Get(headerNamespace), Name: r.Header.Get(headerFunction)}
		if subtle.ConstantTimeCompare([]byte(r.Header.Get(headerKey)), []byte(key)) != 1 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		r.RemoteAddr = r.Header.Get(headerClient)
		for _, h := range []string{headerNamespace, headerFunction, headerKey, headerClient} {
			r.Header.Del(h)
		}
		err := local.Serve(w, r, name)
		if err == nil {
			return
		}
		refusal := refusalGone
		switch {
		case errors.Is(err, core.ErrNoReplica):
			refusal = refusalNone
		case errors.Is(err, context.DeadlineExceeded):
			refusal = refusalTime
		}
		w.Header().Set(headerRefusal, refusal)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
}

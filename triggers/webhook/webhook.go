// Package webhook is HTTP as a source of events. A trigger with the annotation
// "webhook" fires by a POST to /hooks/NAMESPACE/TRIGGER: see Settings.
//
// What a sender has to prove is in one table, see schemes. It is checked over
// the raw body before anything is decoded. A delivery, what it is known by and
// its receipt are written to Redis in one script: whoever gets 202 has an
// event that fires once, and who gets anything else may send it again.
package webhook

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

const (
	// Path is where deliveries go.
	Path = "/hooks/"
	// APIPath is where people look at webhooks.
	APIPath = "/api/v1/namespaces/{namespace}/webhooks"
)

// Options of a Handler.
type Options struct {
	// PublicURL is the address that senders know the platform by, without a
	// path; "" where it is the one that they call.
	PublicURL string
	// BodyLimit is the largest body in bytes; 0 means 1 MiB, which is what an
	// action can get.
	BodyLimit int64
	// BodyTimeout bounds how long a body may take; 0 means 10 s.
	BodyTimeout time.Duration
}

// Handler serves webhooks, and the API that shows them. It is safe for
// concurrent use.
type Handler struct {
	plane  *control.Plane
	db     *store.DB
	source *Source
	log    *slog.Logger
	opt    Options
	mux    *http.ServeMux
}

var _ http.Handler = (*Handler)(nil)

// New makes a Handler and starts nothing.
func New(plane *control.Plane, db *store.DB, log *slog.Logger, opt Options) *Handler {
	if opt.BodyLimit <= 0 {
		opt.BodyLimit = core.MaxPayload
	}
	if opt.BodyTimeout <= 0 {
		opt.BodyTimeout = 10 * time.Second
	}
	opt.PublicURL = strings.TrimSuffix(opt.PublicURL, "/")
	h := &Handler{plane: plane, db: db, source: NewSource(db), log: log, opt: opt, mux: http.NewServeMux()}
	h.mux.HandleFunc(Path, h.answering(h.hook))
	for pattern, do := range map[string]private{
		"GET " + APIPath:                                            h.list,
		"GET " + APIPath + "/{trigger}":                             h.show,
		"POST " + APIPath + "/{trigger}/rotate":                     h.rotate,
		"GET " + APIPath + "/{trigger}/deliveries":                  h.deliveries,
		"GET " + APIPath + "/{trigger}/deliveries/{id}":             h.delivery,
		"POST " + APIPath + "/{trigger}/deliveries/{id}/redelivery": h.redeliver,
	} {
		h.mux.HandleFunc(pattern, h.answering(h.private(do)))
	}
	return h
}

// ServeHTTP answers a request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

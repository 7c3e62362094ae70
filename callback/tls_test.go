package callback_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/core"
)

// A receiver whose certificate nobody vouches for is not told anything.
func TestACertificateThatIsNotTrusted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it got a request") }))
	rec.Config.ErrorLog = log.New(io.Discard, "", 0)
	rec.StartTLS()
	t.Cleanup(rec.Close)
	w.send(quick())
	ref := w.call(rec.URL, core.FormEnvelope, succeeded(`{}`))
	d := w.delivery(string(ref.ID)+"-end", core.DeliveryDead)
	if d.Tries != 3 || !strings.Contains(d.History[0].Error, "certificate") {
		t.Errorf("got %d tries, history %+v", d.Tries, d.History)
	}
}

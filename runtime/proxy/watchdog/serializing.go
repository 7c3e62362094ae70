package watchdog

import (
	"bytes"
	"io"
	"net/http"
	"time"
)

// serializing runs a process for each request, and answers when it has ended.
type serializing struct{ fork }

// ServeHTTP runs the process with the body as its input; its output is the
// answer, unless it failed.
func (s *serializing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begin := time.Now()
	w.Header().Set("Content-Type", s.config.ContentType)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.fail(w, r, http.StatusBadRequest, err, begin)
		return
	}
	ctx, cancel := s.limited(r.Context())
	defer cancel()
	var out bytes.Buffer
	errs := newLines(s.config, s.log, "stderr")
	cmd := s.command(variables(r))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(body), &out, errs
	err = s.run(ctx, cmd)
	errs.end()
	if err != nil {
		s.fail(w, r, http.StatusInternalServerError, err, begin)
		return
	}
	w.Header().Set("X-Duration-Seconds", seconds(begin))
	_, _ = w.Write(out.Bytes())
	s.logRequest(r, http.StatusOK, int64(out.Len()), begin)
}

func (s *serializing) fail(w http.ResponseWriter, r *http.Request, status int, err error, begin time.Time) {
	s.log.Print(err)
	w.WriteHeader(status)
	n, _ := io.WriteString(w, err.Error())
	s.logRequest(r, status, int64(n), begin)
}

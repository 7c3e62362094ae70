package watchdog

import (
	"net/http"
	"time"
)

// streaming runs a process for each request, and hands on its output as it
// comes. The status is sent before anybody knows how it ends: it is 200.
type streaming struct{ fork }

// ServeHTTP joins the process to the connection.
func (s *streaming) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begin := time.Now()
	answer := &recorder{ResponseWriter: w}
	answer.Header().Set("Content-Type", s.config.ContentType)
	// The process may answer before it has read all of the body.
	_ = http.NewResponseController(w).EnableFullDuplex()
	status := http.StatusOK
	if err := s.join(answer, r); err != nil {
		s.log.Print(err)
		status = http.StatusInternalServerError
	}
	s.logRequest(r, status, answer.bytes, begin)
}

func (s *streaming) join(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := s.limited(r.Context())
	defer cancel()
	errs := newLines(s.config, s.log, "stderr")
	defer errs.end()
	cmd := s.command(variables(r))
	cmd.Stdout, cmd.Stderr = &flusher{w}, errs
	ended, err := feed(cmd, w, r)
	if err != nil {
		return err
	}
	defer ended()
	return s.run(ctx, cmd)
}

// flusher sends each part at once.
type flusher struct{ http.ResponseWriter }

// Write sends a part of the body.
func (f *flusher) Write(p []byte) (int, error) {
	n, err := f.ResponseWriter.Write(p)
	if err == nil {
		_ = http.NewResponseController(f.ResponseWriter).Flush() // the next part may fail instead
	}
	return n, err
}

package watchdog

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// classic is the mode of the classic watchdog.
type classic struct{ fork }

// ServeHTTP runs the process with the body as its input; its output is the
// answer.
func (c *classic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	c.headers("in", r.Header)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintln(w, err)
		return
	}
	if c.config.MarshalInput {
		body = marshal(r.Header, body)
	}
	c.log.Print("Forking fprocess.")
	begin := time.Now()
	// The process does not care whether somebody still waits.
	ctx, cancel := c.limited(context.WithoutCancel(r.Context()))
	defer cancel()
	out, err := c.output(ctx, r, body)
	switch {
	case err != nil && ctx.Err() != nil:
		c.log.Printf("Killing process: %s", c.config.Process)
		w.WriteHeader(http.StatusRequestTimeout)
		fmt.Fprintln(w, "Killed process.")
	case err != nil:
		c.debugFailure(err, out)
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, "%v\n%s", err, out)
	default:
		c.answer(w, r, out, begin)
	}
}

func (c *classic) answer(w http.ResponseWriter, r *http.Request, out []byte, begin time.Time) {
	if kind := cmp.Or(c.config.ContentType, r.Header.Get("Content-Type")); kind != "" {
		w.Header().Set("Content-Type", kind)
	}
	took := seconds(begin)
	w.Header().Set("X-Duration-Seconds", took)
	_, _ = w.Write(out)
	c.headers("out", w.Header())
	if c.config.WriteDebug {
		_, _ = c.log.Writer().Write(out)
		c.log.Printf("Duration: %ss", took)
		return
	}
	c.log.Printf("Wrote %d Bytes - Duration: %ss", len(out), took)
}

// output runs the process and returns its output, whatever became of it.
func (c *classic) output(ctx context.Context, r *http.Request, body []byte) ([]byte, error) {
	var out, errs bytes.Buffer
	length := strconv.FormatInt(r.ContentLength, 10)
	cmd := c.command(append(variables(r), "Http_ContentLength="+length, "Http_Content_Length="+length, "Http_Host="+r.Host))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(body), &out, &errs
	if c.config.CombineOutput {
		cmd.Stderr = &out
	}
	err := c.run(ctx, cmd)
	if errs.Len() > 0 {
		c.log.Printf("stderr: %s", errs.Bytes())
	}
	return out.Bytes(), err
}

// marshal is the input of a function that wants headers, too.
func marshal(header http.Header, body []byte) []byte {
	type raw struct {
		Raw []byte `json:"raw"`
	}
	input, err := json.Marshal(struct {
		Header http.Header `json:"header"`
		Body   raw         `json:"body"`
	}{header, raw{body}})
	if err != nil {
		return nil // neither can fail
	}
	return input
}

func (c *classic) headers(direction string, header http.Header) {
	if !c.config.DebugHeaders {
		return
	}
	for name, values := range header {
		c.log.Printf("[%s] %s=%s", direction, name, values)
	}
}

func (c *classic) debugFailure(err error, out []byte) {
	if c.config.WriteDebug {
		c.log.Printf("Success=false, Error=%s", err)
		c.log.Printf("Out=%s", out)
	}
}

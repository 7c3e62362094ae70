package watchdog

import (
	"bufio"
	"net"
	"net/http"
	"strconv"
	"time"
)

// recorder is an answer of which one can tell what it was.
type recorder struct {
	http.ResponseWriter
	status int // 0 until it is written
	bytes  int64
}

// code is the status that was sent, or will be.
func (r *recorder) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}

// WriteHeader sends the status; those before the last are informational.
func (r *recorder) WriteHeader(status int) {
	if r.status < http.StatusOK {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the body.
func (r *recorder) Write(p []byte) (int, error) {
	if r.status < http.StatusOK {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// Hijack takes the connection over, for another protocol.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	r.status = http.StatusSwitchingProtocols
	return http.NewResponseController(r.ResponseWriter).Hijack()
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func seconds(since time.Time) string {
	return strconv.FormatFloat(time.Since(since).Seconds(), 'f', 6, 64)
}

// size writes a number of bytes as people read it, in powers of 1000.
func size(bytes int64) string {
	value := float64(bytes)
	units := []string{"B", "kB", "MB", "GB", "TB"}
	i := 0
	for ; value >= 1000 && i < len(units)-1; i++ {
		value /= 1000
	}
	return strconv.FormatFloat(value, 'g', 4, 64) + units[i]
}

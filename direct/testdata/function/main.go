// A function as anybody could write one: a server on port 8080 that knows
// nothing of the platform. With the argument "cat" it copies its input.
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "cat" {
		if _, err := io.Copy(os.Stdout, os.Stdin); err != nil {
			log.Fatal(err)
		}
		return
	}
	port := "8080"
	if p := os.Getenv("LISTEN"); p != "" {
		port = p
	}
	paths := map[string]http.HandlerFunc{
		"/version": version, "/die": die, "/slow": slow, "/zeros": zeros, "/count": count, "/events": events, "/join": join,
		"/_/health": http.NotFound, "/secret": secret, "/object": object,
	}
	log.Fatal(http.ListenAndServe(":"+port, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if serve := paths[r.URL.Path]; serve != nil {
			serve(w, r)
			return
		}
		echo(w, r)
	})))
}

func echo(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Path", r.RequestURI)
	w.Header().Set("X-Method", r.Method)
	w.Header().Set("X-Seen-Call-Id", r.Header.Get("X-Call-Id"))
	w.Header().Set("X-Seen-Callback", r.Header.Get("X-Callback-Url"))
	if status, err := strconv.Atoi(r.URL.Query().Get("status")); err == nil {
		w.WriteHeader(status)
	}
	_, _ = io.Copy(w, r.Body)
}

func version(w http.ResponseWriter, _ *http.Request) {
	host, _ := os.Hostname()
	fmt.Fprintf(w, "%s %s", os.Getenv("VERSION"), host)
}

// secret answers with a secret, after an attempt to write beside it and to
// where a function may write.
func secret(w http.ResponseWriter, r *http.Request) {
	fmt.Println("a secret is read")
	value, err := os.ReadFile("/var/openfaas/secrets/" + r.URL.Query().Get("name"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if os.WriteFile("/var/openfaas/secrets/own", nil, 0o600) == nil || os.WriteFile("/own", nil, 0o600) == nil {
		http.Error(w, "it could write", http.StatusInternalServerError)
		return
	}
	if err := os.WriteFile("/tmp/own", nil, 0o600); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(value)
}

// object answers with an object.
func object(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"ok":true}`) }

func die(http.ResponseWriter, *http.Request) { os.Exit(1) }

func slow(w http.ResponseWriter, r *http.Request) {
	ms, _ := strconv.Atoi(r.URL.Query().Get("ms"))
	select {
	case <-time.After(time.Duration(ms) * time.Millisecond):
	case <-r.Context().Done():
		log.Print("the caller left")
	}
	version(w, r)
}

// zeros answers with so many bytes.
func zeros(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.ParseInt(r.URL.Query().Get("n"), 10, 64)
	piece := make([]byte, 64<<10)
	for ; n > 0; n -= int64(len(piece)) {
		if _, err := w.Write(piece[:min(n, int64(len(piece)))]); err != nil {
			return
		}
	}
}

// count answers with the length of the body.
func count(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	fmt.Fprint(w, n, err)
}

// events answers with one event for each line of the body, as it comes.
func events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	c := http.NewResponseController(w)
	_ = c.EnableFullDuplex()
	_ = c.Flush()
	lines := bufio.NewScanner(r.Body)
	for lines.Scan() {
		fmt.Fprintf(w, "data: %s\n\n", lines.Text())
		_ = c.Flush()
	}
}

// join upgrades the connection and sends back what it gets.
func join(w http.ResponseWriter, _ *http.Request) {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	_ = rw.Flush()
	_, _ = io.Copy(conn, rw)
}

//go:build ignore

// Main serves the function on port 8082, behind the watchdog. It is compiled
// in the image, where the first line goes and the function is a package.
package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"handler/function"
)

func main() {
	port := os.Getenv("http_port")
	if port == "" {
		port = "8082"
	}
	server := &http.Server{Addr: "127.0.0.1:" + port, Handler: http.HandlerFunc(function.Handle)}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		<-ctx.Done()
		if err := server.Shutdown(context.Background()); err != nil {
			log.Print(err)
		}
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	<-ended
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"

	"github.com/hearth-faas/hearth/worker/engine/docker"
)

// gatewayOf returns this machine's address in a Docker network, at which the
// containers in it reach what this machine serves.
func gatewayOf(ctx context.Context, host, name string) (string, error) {
	options := []client.Opt{client.WithAPIVersionNegotiation()}
	if host != "" {
		options = append(options, client.WithHost(host))
	}
	api, err := client.NewClientWithOpts(options...)
	if err != nil {
		return "", fmt.Errorf("make docker client: %w", err)
	}
	defer api.Close()
	if name == "" {
		name = docker.DefaultNetwork
	}
	found, err := api.NetworkInspect(ctx, name, network.InspectOptions{})
	if err != nil {
		return "", fmt.Errorf("look at network %s: %w", name, err)
	}
	for _, part := range found.IPAM.Config {
		if ip := net.ParseIP(part.Gateway); ip != nil {
			return ip.String(), nil
		}
	}
	return "", fmt.Errorf("network %s has no gateway", name)
}

// inward serves the API to containers too, where they cannot use what the
// server itself listens on: the loopback interface, or TLS with a certificate
// that names the address of clients. It speaks plain HTTP, which does not leave
// this machine.
type inward struct {
	engine   *engineStage
	settings workerSettings
	api      *apiStage
	listener net.Listener
}

// address returns the API's address as actions see it, and takes it.
func (s *inward) address(ctx context.Context) (string, error) {
	own := s.api.server.Addr().(*net.TCPAddr) //nolint:forcetypeassert // it listens on tcp
	switch {
	case s.settings.ActionAPI != "":
		return s.settings.ActionAPI, nil
	case s.engine.docker == nil:
		return s.api.url(), nil
	}
	gateway, err := gatewayOf(ctx, s.settings.DockerHost, s.settings.Network)
	if err != nil {
		return "", err
	}
	if host := outward(own.IP, s.api.settings.TLSCert != "", gateway); host != "" {
		return "http://" + net.JoinHostPort(host, fmt.Sprint(own.Port)), nil
	}
	var lc net.ListenConfig
	// The same port if it is free there, so that people recognise it.
	s.listener, err = lc.Listen(ctx, "tcp", net.JoinHostPort(gateway, fmt.Sprint(own.Port)))
	if err != nil {
		s.listener, err = lc.Listen(ctx, "tcp", net.JoinHostPort(gateway, "0"))
	}
	if err != nil {
		return "", fmt.Errorf("listen for actions: %w", err)
	}
	return "http://" + s.listener.Addr().String(), nil
}

// outward is the host at which containers reach a server that listens on ip;
// empty if they cannot.
func outward(ip net.IP, tls bool, gateway string) string {
	switch {
	case tls || ip.IsLoopback():
		return ""
	case ip.IsUnspecified():
		return gateway
	}
	return ip.String()
}

// run serves until ctx ends; calls that are open then have the API's own time
// to end.
func (s *inward) run(ctx context.Context) error {
	if s.listener == nil {
		<-ctx.Done()
		return nil
	}
	server := &http.Server{
		Handler:           s.api.server.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(s.listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve actions: %w", err)
	case <-ctx.Done():
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.api.settings.Drain)
	defer cancel()
	err := server.Shutdown(limited)
	if closed := <-served; !errors.Is(closed, http.ErrServerClosed) {
		return errors.Join(err, closed)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	}
	return err
}

package main

import (
	"net/http"
	"net/http/pprof"
)

// pprof is the stage that serves Go's profiles, where that is asked for.
func (s logSettings) pprof(x *parts) stage {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return x.aside("profiles", s.Pprof, mux)
}

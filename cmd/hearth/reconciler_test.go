package main

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

// What a worker had claimed when it was killed runs on another, in each of
// the processes that have one.
func TestWhatALostWorkerHeldIsRun(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"worker", "up"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			url := storetest.Server(t).URL()
			shared := []string{"HEARTH_REDIS=" + url}
			key := strings.TrimSpace(must(t, shared, "namespace", "create", "tenant"))
			server := serve(t, shared, "apiserver", "--addr", "127.0.0.1:0")
			env := []string{"HEARTH_APIHOST=" + server.url, "HEARTH_AUTH=" + key}
			must(t, env, "action", "create", "hello", sample(t))
			out := strings.Fields(must(t, env, "invoke", "hello", "-p", "name", "you"))
			id := core.ActivationID(out[len(out)-1])

			rdb, err := connect(url)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = rdb.Close() })
			killed := control.New(store.New(rdb), queue.NewClient(rdb), slog.New(slog.DiscardHandler), control.Options{Server: "killed"})
			a, err := killed.Start(t.Context(), core.Ref{Namespace: "tenant", ID: id}, "killed.boot")
			if err != nil {
				t.Fatal(err)
			}
			if err := killed.NotSent(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			args := []string{command, "--data", folder(t)}
			if command == "up" {
				args = append(args, "--addr", "127.0.0.1:0")
			}
			serve(t, shared, args...)
			eventually(t, `"hello": "you"`, env, "activation", "get", string(id))
		})
	}
}

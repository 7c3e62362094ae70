package storetest

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Cluster starts a Redis Cluster of one private node and returns a client of
// it. One node has all slots and is as strict about them as many: a command
// or script whose keys lie in different slots is refused.
func Cluster(t testing.TB) redis.UniversalClient {
	t.Helper()
	dir, err := os.MkdirTemp("", "hearth-redis-")
	if err != nil {
		t.Fatalf("make a directory for redis: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	proc, port := launchNode(t, dir)
	t.Cleanup(func() { _ = proc.end() })
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	node := redis.NewClient(&redis.Options{Network: "unix", Addr: proc.socket})
	defer node.Close()
	if err := node.ClusterAddSlotsRange(ctx, 0, 16383).Err(); err != nil {
		t.Fatalf("give the node its slots: %v", err)
	}
	for !strings.Contains(node.ClusterInfo(ctx).Val(), "cluster_state:ok") {
		select {
		case <-ctx.Done():
			t.Fatal("the cluster does not come up")
		case <-time.After(10 * time.Millisecond):
		}
	}
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{fmt.Sprintf("127.0.0.1:%d", port)}})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// launchNode starts a node on a free port; a cluster needs TCP. Somebody may
// take the port between our look and the start, so it tries a few.
func launchNode(t testing.TB, dir string) (*process, int) {
	t.Helper()
	var err error
	for range 5 {
		var data, bus int
		if data, bus, err = freePorts(); err != nil {
			continue
		}
		var proc *process
		proc, err = launch(dir, fmt.Sprintf(
			"save \"\"\nappendonly no\nbind 127.0.0.1\nport %d\ncluster-enabled yes\ncluster-port %d\n", data, bus), false)
		if err == nil {
			return proc, data
		}
	}
	t.Fatalf("start a node of a cluster: %v", err)
	return nil, 0
}

// freePorts returns two ports that nobody listens on.
func freePorts() (data, bus int, err error) {
	var ports [2]int
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, 0, err
		}
		defer l.Close() // after both are found, so that they differ
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports[0], ports[1], nil
}

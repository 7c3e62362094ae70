package worker_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/protocol/whisk"
)

// asContainer makes the test binary be the program in a container.
const asContainer = "HEARTH_TEST_CONTAINER"

func TestMain(m *testing.M) {
	if os.Getenv(asContainer) != "" {
		if err := contain(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// contain keeps the container contract with an action that does what its
// input says; its code says what becomes of /init.
func contain() error {
	l, err := net.Listen("unix", os.Getenv(engine.EnvSocket))
	if err != nil {
		return err
	}
	c := &contained{}
	mux := http.NewServeMux()
	mux.HandleFunc("/init", c.init)
	mux.HandleFunc("/run", c.run)
	return http.Serve(l, mux)
}

type contained struct {
	mu   sync.Mutex
	env  map[string]string
	runs int
}

func (c *contained) init(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Value struct {
			Code string
			Env  map[string]string
		}
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.env != nil {
		answer(w, 403, `{"error":"Cannot initialize the action more than once."}`)
		return
	}
	c.env = in.Value.Env
	switch in.Value.Code {
	case "init fails":
		fmt.Println("no such module")
		sentinels()
		answer(w, 502, `{"error":"it cannot be initialised"}`)
	case "init exits":
		os.Exit(3)
	case "init hangs":
		time.Sleep(time.Hour)
	case "init is slow":
		time.Sleep(time.Second)
		answer(w, 200, `{"ok":true}`)
	default:
		answer(w, 200, `{"ok":true}`)
	}
}

func (c *contained) run(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var in struct {
		Value struct {
			Do string
			N  int
		}
		APIKey string `json:"api_key"`
	}
	_ = json.Unmarshal(body, &in)
	c.mu.Lock()
	c.runs++
	runs := c.runs
	c.mu.Unlock()
	fmt.Printf("run %d\n", runs)
	switch in.Value.Do {
	case "error":
		sentinels()
		answer(w, 200, `{"error":"the action says no"}`)
		return
	case "break":
		sentinels()
		answer(w, 502, `{"error":"An error has occurred."}`)
		return
	case "exit":
		fmt.Print("last words")
		os.Exit(3)
	case "die":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "sleep":
		time.Sleep(time.Duration(in.Value.N) * time.Millisecond)
	case "print": // megabytes
		line := strings.Repeat("x", 127) + "\n"
		for range in.Value.N << 20 / len(line) {
			fmt.Print(line)
		}
	case "silent":
		answer(w, 200, `{}`)
		return
	}
	sentinels()
	result, _ := json.Marshal(map[string]any{"pid": os.Getpid(), "run": runs, "env": c.env, "key": in.APIKey})
	answer(w, 200, string(result))
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func sentinels() {
	fmt.Println(whisk.Sentinel)
	fmt.Fprintln(os.Stderr, whisk.Sentinel)
}

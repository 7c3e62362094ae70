// A server that keeps the contract of an action's container on port 8080 and
// knows nothing else of the platform. Its environment says how it behaves:
// SAYS is what it answers, SENTINELS makes it close its logs after each run,
// LATE makes it listen only after a while, and ENDS not at all.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	if os.Getenv("ENDS") != "" {
		log.Fatal("it ends")
	}
	if os.Getenv("LATE") != "" {
		time.Sleep(2 * time.Second)
	}
	var code string
	initialised := false
	http.HandleFunc("POST /init", func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Value struct{ Code string }
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || initialised {
			http.Error(w, `{"error":"initialised twice, or badly"}`, http.StatusForbidden)
			return
		}
		initialised, code = true, body.Value.Code
		fmt.Fprintln(w, `{"ok":true}`)
	})
	http.HandleFunc("POST /run", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Println("it runs")
		if err := json.NewEncoder(w).Encode(map[string]string{"says": os.Getenv("SAYS"), "code": code}); err != nil {
			log.Print(err)
		}
		if os.Getenv("SENTINELS") != "" {
			const sentinel = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX"
			fmt.Println(sentinel)
			fmt.Fprintln(os.Stderr, sentinel)
		}
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}

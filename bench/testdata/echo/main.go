// Command echo is an action that answers with what it was given, compiled in
// advance: it speaks the line protocol of the proxy itself.
package main

import (
	"bufio"
	"encoding/json"
	"os"
)

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<16)
	out := os.NewFile(3, "answers")
	if os.Getenv("OW_WAIT_FOR_ACK") != "" {
		out.WriteString("{\"ok\":true}\n")
	}
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var request struct {
			Value json.RawMessage `json:"value"`
		}
		if err := json.Unmarshal(line, &request); err != nil {
			return
		}
		out.Write(append(request.Value, '\n'))
	}
}

package actionloop_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// act is an action.
func act(behaviour string) {
	answers := os.NewFile(3, "answers")
	switch behaviour {
	case "exit":
		return
	case "nack":
		fmt.Fprintln(answers, "hello")
		return
	case "reason":
		fmt.Fprintln(answers, `{"ok":false,"error":"no main in it"}`)
		return
	case "launcher":
		launcher(answers)
		return
	case "frames":
		fmt.Fprintln(answers, `{"ok":true,"frames":true}`)
		frames(answers)
		return
	case "echo-quietly":
	default:
		fmt.Fprintln(answers, `{"ok":true}`)
	}
	if behaviour == "ack-exit" {
		return
	}
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		if answer(behaviour, line, answers) {
			return
		}
	}
}

// answer answers a request and says whether the action ends.
func answer(behaviour, line string, answers io.Writer) (end bool) {
	switch behaviour {
	case "echo", "echo-quietly":
		io.WriteString(answers, line)
	case "env":
		vars := map[string]string{}
		for _, kv := range os.Environ() {
			if key, value, _ := strings.Cut(kv, "="); strings.HasPrefix(key, "E_") || key == "E" {
				vars[key] = value
			}
		}
		json.NewEncoder(answers).Encode(vars)
	case "main":
		json.NewEncoder(answers).Encode(map[string]string{"main": os.Getenv("MAIN")})
	case "exit-on-request":
		return true
	case "half-answer":
		io.WriteString(answers, `{"ok":`)
		return true
	case "kill":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "answer-exit":
		fmt.Fprintln(answers, `{"ok":1}`)
		return true
	case "leave-child":
		cmd := exec.Command("sleep", "5")
		cmd.ExtraFiles = []*os.File{answers.(*os.File)}
		cmd.Start()
		return true
	case "scalar":
		fmt.Fprintln(answers, `5`)
	case "garbage":
		fmt.Fprintln(answers, `{"a":`)
	}
	return false
}

// frames answers as many requests as the first one names, last one first, and
// writes lines between them that are no answers.
func frames(answers io.Writer) {
	var got []string
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		got = append(got, strings.TrimSuffix(line, "\n"))
		var request struct{ Value struct{ Wait int } }
		_, body, _ := strings.Cut(line, " ")
		if json.Unmarshal([]byte(body), &request) != nil || len(got) < request.Value.Wait {
			continue
		}
		for i := len(got) - 1; i >= 0; i-- {
			number, body, _ := strings.Cut(got[i], " ")
			fmt.Fprintf(answers, "noise\n%s 203 %s\n", number, body)
		}
		got = nil
	}
}

// launcher tells what its hello said, and whether it was started with the
// variables of /init.
func launcher(answers io.Writer) {
	in := bufio.NewReader(os.Stdin)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return
	}
	var hello struct {
		Folder, Main string
		Env          map[string]string
	}
	if json.Unmarshal(line, &hello) != nil {
		return
	}
	text, _ := os.ReadFile(hello.Folder + "/exec")
	fmt.Fprintln(answers, `{"ok":true}`)
	for {
		if _, err := in.ReadBytes('\n'); err != nil {
			return
		}
		json.NewEncoder(answers).Encode(map[string]any{
			"main": hello.Main, "env": hello.Env["A"], "own": os.Getenv("A") != "", "text": string(text),
		})
	}
}

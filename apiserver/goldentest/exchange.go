package goldentest

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// Exchange is a request of a file, and the answer that it shall get.
type Exchange struct {
	Title          string
	Method, Target string
	Header         http.Header
	Body           string
	Hints          map[string]string // lines with "@", by name

	head []string // of the request, as written
	want string
}

var begin = regexp.MustCompile(`(?m)^### `)

// parse reads a file; what comes before the first exchange is kept.
func parse(t *testing.T, text string) (intro string, list []Exchange) {
	t.Helper()
	parts := begin.Split(text, -1)
	for _, part := range parts[1:] {
		request, want, _ := strings.Cut(part, "\nHTTP/1.1 ")
		title, request, _ := strings.Cut(request, "\n")
		head, body, _ := strings.Cut(strings.TrimRight(request, "\n"), "\n\n")
		x := Exchange{Title: title, Body: body, Header: http.Header{}, Hints: map[string]string{}}
		x.want = strings.TrimRight("HTTP/1.1 "+want, "\n")
		x.head = strings.Split(head, "\n")
		var ok bool
		if x.Method, x.Target, ok = strings.Cut(x.head[0], " "); !ok {
			t.Fatalf("%s: no request line", title)
		}
		for _, line := range x.head[1:] {
			if hint, ok := strings.CutPrefix(line, "@"); ok {
				name, value, _ := strings.Cut(hint, " ")
				x.Hints[name] = value
				continue
			}
			name, value, _ := strings.Cut(line, ": ")
			x.Header.Add(name, value)
		}
		list = append(list, x)
	}
	return parts[0], list
}

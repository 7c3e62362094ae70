package actionloop

import (
	"bytes"
	"strconv"
)

// A child whose acknowledgement is {"ok":true,"frames":true} gets each request
// with a number before it, and puts the number and a status code before the
// answer:
//
//	7 {"value":{}}
//	7 200 {"greeting":"hello"}
//
// So it can work on several requests at a time, and can tell an error of the
// action from its result. Plain lines are all that other children know, which
// are given one request at a time.

// answer is a line from a child.
type answer struct {
	id     uint64 // 0 of a plain line
	status int
	body   []byte
}

// parseAnswer reads a line without its newline. ok is false for a line that
// is no frame where one is due.
func parseAnswer(line []byte, frames bool) (a answer, ok bool) {
	if !frames {
		return answer{status: 200, body: line}, true
	}
	id, rest, _ := bytes.Cut(line, []byte(" "))
	status, body, found := bytes.Cut(rest, []byte(" "))
	n, err := strconv.ParseUint(string(id), 10, 64)
	if err != nil || !found {
		return answer{}, false
	}
	code, err := strconv.Atoi(string(status))
	if err != nil || code < 200 || code > 599 {
		return answer{}, false
	}
	return answer{id: n, status: code, body: body}, true
}

// appendRequest appends the line of a request to buf. Newlines in body, which
// JSON has between tokens only, become spaces.
func appendRequest(buf []byte, id uint64, body []byte, frames bool) []byte {
	if frames {
		buf = strconv.AppendUint(buf, id, 10)
		buf = append(buf, ' ')
	}
	start := len(buf)
	buf = append(buf, body...)
	for line := buf[start:]; ; {
		i := bytes.IndexAny(line, "\r\n")
		if i < 0 {
			break
		}
		line[i] = ' '
		line = line[i+1:]
	}
	return append(buf, '\n')
}

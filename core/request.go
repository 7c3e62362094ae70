package core

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Request is what an activation sends to a function that speaks HTTP, in place
// of its parameters; always with POST. As the Input of an activation it is the
// JSON object that EncodeRequest makes, and the activation is Raw.
type Request struct {
	// URI is path and query as the function gets them, escaped as they came.
	URI    string
	Host   string
	Client string // address of whoever sent it
	Header http.Header
	Body   []byte
}

// requestForm is the stored form; the body is in base64.
type requestForm struct {
	URI    string      `json:"uri"`
	Host   string      `json:"host,omitempty"`
	Client string      `json:"client,omitempty"`
	Header http.Header `json:"headers,omitempty"`
	Body   []byte      `json:"body,omitempty"`
}

// EncodeRequest returns the request as the input of an activation.
func EncodeRequest(r Request) (JSON, error) { return json.Marshal(requestForm(r)) }

// DecodeRequest is the reverse of EncodeRequest.
func DecodeRequest(input JSON) (Request, error) {
	var f requestForm
	if err := json.Unmarshal(input, &f); err != nil {
		return Request{}, fmt.Errorf("decode request: %w", err)
	}
	return Request(f), nil
}

package core

import (
	"encoding/json"
	"net/http"
)

// Response is the answer of a function that speaks HTTP. As the Result of an
// Outcome it is the JSON object that EncodeResponse makes.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// responseForm is the stored form; the body is in base64.
type responseForm struct {
	Status int         `json:"statusCode"`
	Header http.Header `json:"headers,omitempty"`
	Body   []byte      `json:"body,omitempty"`
}

// EncodeResponse returns the response as the result of an outcome.
func EncodeResponse(r Response) (JSON, error) { return json.Marshal(responseForm(r)) }

// Response returns the answer of the function whose outcome this is. Without
// one, as when the platform ended the activation, ok is false.
func (o Outcome) Response() (r Response, ok bool) {
	var f responseForm
	if json.Unmarshal(o.Result, &f) != nil || f.Status < 100 || f.Status > 999 {
		return Response{}, false
	}
	return Response(f), true
}

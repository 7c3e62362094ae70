// Package function is your function.
package function

import (
	"encoding/json"
	"io"
	"net/http"
)

// Handle answers a request.
func Handle(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{
		"body":   string(body),
		"method": r.Method,
		"path":   r.URL.Path,
	})
}

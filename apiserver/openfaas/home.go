package openfaas

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// home sends people who open the root in a browser to the pages; programs get
// what the other dialect says there.
func home(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		req := c.Request()
		if req.URL.Path == "/" && req.Method == http.MethodGet && prefersHTML(req.Header.Get(echo.HeaderAccept)) {
			return c.Redirect(http.StatusTemporaryRedirect, "/ui/")
		}
		return next(c)
	}
}

// prefersHTML says whether a header Accept ranks text/html above JSON.
func prefersHTML(accept string) bool {
	html, json := 0.0, 0.0
	for part := range strings.SplitSeq(accept, ",") {
		media, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		q := 1.0
		if _, value, ok := strings.Cut(params, "q="); ok {
			q, _ = strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
		switch strings.TrimSpace(media) {
		case "text/html", "application/xhtml+xml":
			html = max(html, q)
		case "application/json", "*/*", "application/*":
			json = max(json, q)
		}
	}
	return html > json
}

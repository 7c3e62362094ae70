package openwhisk

import (
	_ "embed"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"
)

//go:embed swagger.json
var swaggerJSON []byte

//go:embed docs.html
var docsHTML []byte

// swagger serves the description of this API, in Swagger 2.0.
func swagger(r *request) error {
	allowOrigin(r.Response().Header())
	return r.Blob(http.StatusOK, echo.MIMEApplicationJSON, swaggerJSON)
}

// docsRedirect sends people to the page that shows it.
func docsRedirect(r *request) error {
	return r.Redirect(http.StatusPermanentRedirect,
		apiRoot+"/docs/index.html?url="+url.QueryEscape(apiRoot+"/api-docs"))
}

func docsPage(r *request) error { return r.HTMLBlob(http.StatusOK, docsHTML) }

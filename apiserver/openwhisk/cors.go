package openwhisk

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

const allowHeaders = "Authorization, Origin, X-Requested-With, Content-Type, Accept, User-Agent"

// allowOrigin lets pages of any origin use the REST API: it takes no cookies,
// so an origin alone has no rights.
func allowOrigin(h http.Header) {
	h.Set(echo.HeaderAccessControlAllowOrigin, "*")
	h.Set(echo.HeaderAccessControlAllowHeaders, allowHeaders)
	h.Set(echo.HeaderAccessControlAllowMethods, "GET, DELETE, POST, PUT, HEAD")
}

// preflight answers OPTIONS below the API's root, whether or not there is
// such a path and without credentials. Web actions have their own rule.
func (d *Dialect) preflight(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		path := c.Request().URL.Path
		below := path == apiRoot || strings.HasPrefix(path, apiRoot+"/")
		if c.Request().Method != http.MethodOptions || !below || strings.HasPrefix(path, webRoot+"/") {
			return next(c)
		}
		allowOrigin(c.Response().Header())
		return c.NoContent(http.StatusOK)
	}
}

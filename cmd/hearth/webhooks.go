package main

import (
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/triggers/webhook"
)

// webhooks mounts what senders call, and the API that shows it.
func (x *parts) webhooks(publicURL string) func(*echo.Echo) {
	return func(e *echo.Echo) {
		h := echo.WrapHandler(webhook.New(x.plane, x.db, x.log, webhook.Options{PublicURL: publicURL}))
		api := strings.Replace(webhook.APIPath, "{namespace}", ":ns", 1)
		for _, path := range []string{webhook.Path + "*", api, api + "/*"} {
			e.Any(path, h)
		}
	}
}

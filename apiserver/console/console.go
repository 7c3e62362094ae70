// Package console is the web page of the platform: what ran, how fast, cold
// or warm, with which logs, and a form to invoke an action. Pages are rendered
// on the server from the same control.Plane that the APIs use, so that the
// console shows and may do exactly what the key it was opened with allows.
//
// There is no build step: templates, one style sheet and one small script are
// embedded. The script replaces parts of a page by fresh ones and adds the
// lines of what runs; every page works without it.
package console

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"path"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/control"
)

// Path is where the console is mounted.
const Path = "/console"

//go:embed templates/*.html
var templates embed.FS

//go:embed assets
var assets embed.FS

// Console serves the pages. It is safe for concurrent use.
type Console struct {
	plane *control.Plane
	log   *slog.Logger
	pages map[string]*template.Template
}

// New parses the templates and starts nothing.
func New(plane *control.Plane, log *slog.Logger) (*Console, error) {
	names, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("list console templates: %w", err)
	}
	c := &Console{plane: plane, log: log, pages: make(map[string]*template.Template, len(names))}
	for _, name := range names {
		page, err := template.New("layout.html").Funcs(functions()).
			ParseFS(templates, "templates/layout.html", "templates/parts.html", name)
		if err != nil {
			return nil, fmt.Errorf("parse console template %s: %w", name, err)
		}
		c.pages[name[len("templates/"):]] = page
	}
	return c, nil
}

// Mount adds the console's routes. Only the sign-in page and the assets are
// public; everything else needs a session.
func (c *Console) Mount(e *echo.Echo) {
	e.GET("/console", func(ctx echo.Context) error {
		return ctx.Redirect(http.StatusFound, Path+"/")
	})
	public := e.Group(Path, secure)
	public.GET("/signin", c.signInPage)
	public.POST("/signin", c.signIn, sameOrigin)
	public.GET("/assets/*", c.asset)

	private := e.Group(Path, secure, c.signedIn, sameOrigin)
	private.GET("/", c.overview)
	private.GET("/activations/:id", c.activation)
	private.GET("/activations/:id/logs", c.follow)
	private.GET("/actions", c.actions)
	private.GET("/actions/*", c.action)
	private.POST("/actions/*", c.invoke)
	private.GET("/triggers", c.triggers)
	private.POST("/triggers/:name", c.fire)
	private.POST("/rules/:name", c.setRule)
	private.POST("/signout", c.signOut)
}

func (c *Console) asset(ctx echo.Context) error {
	data, err := assets.ReadFile("assets/" + ctx.Param("*"))
	if err != nil {
		return echo.ErrNotFound
	}
	contentType := map[string]string{
		".css": "text/css; charset=utf-8",
		".js":  "text/javascript; charset=utf-8",
		".svg": "image/svg+xml",
	}[path.Ext(ctx.Param("*"))]
	ctx.Response().Header().Set("Cache-Control", "max-age=300")
	return ctx.Blob(http.StatusOK, contentType, data)
}

// secure sets the headers that keep a page of the console from running or
// being framed by anything that is not the console's own.
func secure(next echo.HandlerFunc) echo.HandlerFunc {
	return func(ctx echo.Context) error {
		h := ctx.Response().Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		return next(ctx)
	}
}

package console

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/core"
)

const (
	cookie     = "hearth_console"
	subjectKey = "hearth.console.subject"
	keyKey     = "hearth.console.key"
)

// The session is the key itself, in a cookie that scripts cannot read and
// that other sites' requests do not carry. Nothing is kept on the server, so
// any API server can serve any page, and a revoked key ends its sessions.

func (c *Console) signInPage(ctx echo.Context) error {
	return c.render(ctx, http.StatusOK, "signin.html", page{Title: "Sign in"})
}

func (c *Console) signIn(ctx echo.Context) error {
	key := strings.TrimSpace(ctx.FormValue("key"))
	key = strings.TrimPrefix(key, "AUTH=") // a line of wskprops, pasted whole
	if _, err := c.authenticate(ctx, key); err != nil {
		return c.failed(ctx, err, "signin.html", page{Title: "Sign in"})
	}
	c.setCookie(ctx, key, 0)
	return ctx.Redirect(http.StatusSeeOther, Path+"/")
}

func (c *Console) signOut(ctx echo.Context) error {
	c.setCookie(ctx, "", -1)
	return ctx.Redirect(http.StatusSeeOther, Path+"/signin")
}

func (c *Console) setCookie(ctx echo.Context, key string, maxAge int) {
	ctx.SetCookie(&http.Cookie{
		Name: cookie, Value: url.QueryEscape(key), Path: Path, MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: ctx.IsTLS(),
	})
}

// signedIn lets a request with a valid session through, and sends everyone
// else to the sign-in page.
func (c *Console) signedIn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(ctx echo.Context) error {
		key := ""
		if have, err := ctx.Cookie(cookie); err == nil {
			key, _ = url.QueryUnescape(have.Value)
		}
		who, err := c.authenticate(ctx, key)
		if core.KindOf(err) == core.KindUnauthenticated && err != nil {
			return ctx.Redirect(http.StatusSeeOther, Path+"/signin")
		}
		if err != nil {
			return c.failed(ctx, err, "error.html", page{Title: "Not now"})
		}
		ctx.Set(subjectKey, who)
		ctx.Set(keyKey, key)
		return next(ctx)
	}
}

func (c *Console) authenticate(ctx echo.Context, key string) (core.Subject, error) {
	uuid, secret, ok := strings.Cut(key, ":")
	if !ok {
		return core.Subject{}, core.Errorf(core.KindUnauthenticated, "A key looks like uuid:secret, as in the line AUTH= of wskprops.")
	}
	return c.plane.Authenticate(ctx.Request().Context(), core.Credentials{UUID: uuid, Secret: secret})
}

// sameOrigin refuses forms that another site sends; the cookie's SameSite
// says the same, this covers browsers that do not know it.
func sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(ctx echo.Context) error {
		if ctx.Request().Method == http.MethodPost {
			site := ctx.Request().Header.Get("Sec-Fetch-Site")
			origin, err := url.Parse(ctx.Request().Header.Get("Origin"))
			if site == "cross-site" || err != nil || (origin.Host != "" && origin.Host != ctx.Request().Host) {
				return echo.NewHTTPError(http.StatusForbidden, "This form was sent from another site.")
			}
		}
		return next(ctx)
	}
}

func subject(ctx echo.Context) core.Subject {
	who, _ := ctx.Get(subjectKey).(core.Subject)
	return who
}

// apiKey is the key of the session, for actions that call the API back.
func apiKey(ctx echo.Context) string {
	key, _ := ctx.Get(keyKey).(string)
	return key
}

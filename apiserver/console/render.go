package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/core"
)

// page is what every template gets: who looks, and what is on it.
type page struct {
	Title     string
	Namespace string
	Error     string
	Body      any
}

// render writes the page, or with ?part=1 only its block "body", which the
// script puts in place of the old one.
func (c *Console) render(ctx echo.Context, status int, name string, p page) error {
	p.Namespace = subject(ctx).Namespace.Name
	block := "layout.html"
	if ctx.QueryParam("part") != "" {
		block = "body"
	}
	var b bytes.Buffer
	if err := c.pages[name].ExecuteTemplate(&b, block, p); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	return ctx.HTMLBlob(status, b.Bytes())
}

// failed shows err on the page: the sentence of an expected failure, and
// nothing of an internal one, which is logged.
func (c *Console) failed(ctx echo.Context, err error, name string, p page) error {
	var known *core.Error
	if !errors.As(err, &known) {
		c.log.ErrorContext(ctx.Request().Context(), "console page", "err", err)
		p.Error = "There was an internal error."
		return c.render(ctx, http.StatusInternalServerError, name, p)
	}
	p.Error = known.Message
	return c.render(ctx, status(known.Kind), name, p)
}

func status(kind core.Kind) int {
	switch kind {
	case core.KindUnauthenticated, core.KindForbidden:
		return http.StatusForbidden
	case core.KindNotFound:
		return http.StatusNotFound
	case core.KindConflict:
		return http.StatusConflict
	case core.KindThrottled:
		return http.StatusTooManyRequests
	case core.KindUnavailable:
		return http.StatusServiceUnavailable
	case core.KindInvalid, core.KindTooLarge, core.KindUnprocessable, core.KindOutOfRange:
		return http.StatusBadRequest
	case core.KindInternal:
	}
	return http.StatusInternalServerError
}

func functions() template.FuncMap {
	return template.FuncMap{
		"ago":      func(t time.Time) string { return ago(time.Since(t)) },
		"stamp":    func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000 UTC") },
		"duration": duration,
		"pretty":   pretty,
		"path":     escapePath,
		"isID":     isID,
		"class":    func(s core.Status) string { return [...]string{"good", "warn", "bad", "bad"}[s] },
	}
}

// isID says whether a log line is the id of an activation, as those of a
// sequence are.
func isID(line string) bool {
	_, err := core.ParseActivationID(line)
	return err == nil
}

// escapePath escapes "[pkg/]name" for a URL and keeps the slash.
func escapePath(local string) string {
	parts := strings.Split(local, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}

func ago(d time.Duration) string {
	switch {
	case d < time.Second:
		return "now"
	case d < time.Minute:
		return fmt.Sprintf("%d s ago", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}

func duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}

func pretty(raw core.JSON) string {
	var b bytes.Buffer
	if len(raw) == 0 || json.Indent(&b, raw, "", "  ") != nil {
		return string(raw)
	}
	return b.String()
}

package openwhisk

import (
	"net"
	"net/url"
	"regexp"
	"strings"

	"github.com/labstack/echo/v4"
)

// vanityName is a namespace that can be a part of a host's name.
var vanityName = regexp.MustCompile(`\A[0-9a-zA-Z-]{1,63}\z`)

// vanityIndex is the web action that stands for the root of such a host.
const vanityIndex = "/public/index.html"

// vanity leads requests to NAMESPACE.HOST to the web actions of the namespace,
// where a host for that was named. Such a host has nothing else: the REST API
// is not there.
func (d *Dialect) vanity(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		namespace, ok := vanityNamespace(c.Request().Host, d.opt.VanityHost)
		if !ok {
			return next(c)
		}
		path := c.Request().URL.EscapedPath()
		if strings.Trim(path, "/") == "" {
			path = vanityIndex
		}
		at := c.Request().URL
		at.RawPath = webRoot + "/" + namespace + path
		text, err := url.PathUnescape(at.RawPath)
		if err != nil {
			return d.render(c, errNotAccessible)
		}
		at.Path = text
		return next(c)
	}
}

// vanityNamespace is the namespace that a request's host names.
func vanityNamespace(host, domain string) (string, bool) {
	if domain == "" {
		return "", false
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	at := len(host) - len(domain) - 1
	if at <= 0 || host[at] != '.' || !strings.EqualFold(host[at+1:], domain) {
		return "", false
	}
	return host[:at], vanityName.MatchString(host[:at])
}

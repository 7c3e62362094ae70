package openwhisk

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// The annotations that make an action a web action, and what kind of.
const (
	webExport        = "web-export"
	webRaw           = "raw-http"
	webCustomOptions = "web-custom-options"
	webAuth          = "require-whisk-auth"
)

// headerWebAuth carries the secret of an action whose annotation webAuth is
// one.
const headerWebAuth = "X-Require-Whisk-Auth"

var (
	errWebAuth     = &failure{http.StatusUnauthorized, "Authentication is possible but has failed or not yet been provided."}
	errWebNotReady = &failure{http.StatusAccepted, "Response not yet ready."}
	errWebFailed   = &failure{http.StatusBadRequest, "There was an error processing your request."}
	errReserved    = &failure{http.StatusBadRequest, "Request defines parameters that are not allowed (e.g., reserved properties)."}
)

// webPath is the part of a URL that addresses a web action.
type webPath struct {
	name   core.Name
	format string // extension without the dot; "http" where there is none
	rest   string // what follows the action, with its leading slash, as sent
}

// web runs a web action, charged to the owner of the action's namespace.
func (d *Dialect) web(r *request) error {
	if err := d.serveWeb(r); err != nil {
		return d.renderAs(r, err, writePretty)
	}
	return nil
}

func (d *Dialect) serveWeb(r *request) error {
	path, err := parseWebPath(strings.TrimPrefix(r.Request().URL.EscapedPath(), webRoot+"/"))
	if err != nil {
		return err
	}
	return d.runWeb(r, path)
}

func (d *Dialect) runWeb(r *request, path webPath) error {
	owner, target, err := d.webTarget(r, path.name)
	if err != nil {
		return err
	}
	if err := d.plane.Admit(r.ctx(), owner, control.RateInvoke); err != nil {
		return err
	}
	if err := payloadSize(r.Request()); err != nil {
		return err
	}
	annotations := target.Action.Annotations
	options := r.Request().Method == http.MethodOptions
	custom := annotations.IsTrue(webCustomOptions)
	if !custom {
		allowWebOrigin(r.Request(), r.Response().Header())
		if options {
			return r.NoContent(http.StatusOK)
		}
	}
	user := d.webUser(r.Request())
	if !options && !webPermitted(annotations, r.Request(), user) {
		return errWebAuth
	}
	if err := d.runnable(target.Action); err != nil {
		return err
	}
	args, err := webArguments(r.Request(), path.rest, user, annotations.Truthy(webRaw))
	if err != nil {
		return err
	}
	a, err := d.plane.InvokeAndWait(r.ctx(), control.Call{
		Subject: owner, Target: target, Payload: args, TransactionID: tid(r), Arrived: r.arrived,
		Keep: extraLogging(r.Request()),
	}, d.opt.MaxWait)
	if err != nil {
		return err
	}
	return r.webAnswer(a, path.format)
}

// webTarget finds the action and whom it belongs to. What is not exported
// looks the same as what is not there.
func (d *Dialect) webTarget(r *request, name core.Name) (core.Subject, control.Target, error) {
	owner, err := d.plane.Owner(r.ctx(), name.Namespace)
	if err != nil {
		return owner, control.Target{}, hide(err)
	}
	target, err := d.plane.Resolve(r.ctx(), owner, name)
	if err != nil {
		return owner, target, hide(err)
	}
	if !target.Action.Annotations.IsTrue(webExport) {
		return owner, target, errNotAccessible
	}
	return owner, target, nil
}

func hide(err error) error {
	switch core.KindOf(err) {
	case core.KindNotFound, core.KindConflict, core.KindInvalid:
		return errNotAccessible
	default:
		return err
	}
}

// webUser is the namespace of the credentials, "" without valid ones: they
// are optional here.
func (d *Dialect) webUser(req *http.Request) string {
	who, _, err := d.authenticate(req)
	if err != nil {
		return ""
	}
	return who.Namespace.Name
}

// webPermitted checks the annotation that asks for authentication: a string
// or number is a secret that the caller has to know, true asks for the
// credentials of any namespace, and what makes no sense lets nobody in.
func webPermitted(annotations core.Params, req *http.Request, user string) bool {
	raw, ok := annotations.Get(webAuth)
	if !ok || string(raw) == "false" {
		return true
	}
	if string(raw) == "true" {
		return user != ""
	}
	secret := annotations.String(webAuth)
	if secret == "" {
		if _, err := strconv.ParseFloat(string(raw), 64); err != nil {
			return false
		}
		secret = string(raw)
	}
	return equal(req.Header.Get(headerWebAuth), secret)
}

// parseWebPath splits "ns/package/action.ext/rest", percent-encoded.
func parseWebPath(path string) (webPath, error) {
	parts := strings.SplitN(path, "/", 4)
	if len(parts) < 3 {
		return webPath{}, errNotAccessible
	}
	for i := range 3 {
		s, err := url.PathUnescape(parts[i])
		if err != nil {
			return webPath{}, errNotAccessible
		}
		parts[i] = s
	}
	p := webPath{name: core.Name{Namespace: parts[0], Package: parts[1], Name: parts[2]}, format: "http"}
	if len(parts) == 4 {
		p.rest = "/" + parts[3]
	}
	if p.name.Package == core.DefaultPackage {
		p.name.Package = ""
	}
	if i := strings.LastIndexByte(p.name.Name, '.'); i > 0 {
		if ext := p.name.Name[i+1:]; transcoders[ext] != nil {
			p.name.Name, p.format = p.name.Name[:i], ext
		}
	}
	if parts[1] == "" || p.name.Namespace == core.Self || p.name.Valid() != nil {
		return webPath{}, errNotAccessible
	}
	return p, nil
}

// webAnswer turns the end of the activation into an HTTP answer.
func (r *request) webAnswer(a *core.Activation, format string) error {
	r.Response().Header().Set(headerActivation, string(a.ID))
	if a.State != core.StateDone {
		return errWebNotReady
	}
	result := resultOf(a)
	switch a.Outcome.Status {
	case core.StatusSuccess:
	case core.StatusApplicationError:
		var o object
		if parsed, err := parseObject(result); err == nil {
			o = parsed
		}
		value, ok := o["error"]
		if !ok {
			return errNoProperty
		}
		result = value
	case core.StatusDeveloperError, core.StatusInternalError:
		return errWebFailed
	}
	answer, err := transcoders[format](result)
	if err != nil {
		return err
	}
	return r.writeWeb(answer)
}

func (r *request) writeWeb(a answer) error {
	if a.negotiated && !accepts(r.Request().Header.Get(echo.HeaderAccept), a.contentType) {
		media, _, _ := strings.Cut(a.contentType, ";")
		return &failure{http.StatusNotAcceptable,
			"Resource representation is only available with these types:\n" + media}
	}
	h := r.Response().Header()
	for name, values := range a.header {
		h[name] = values
	}
	if a.body == nil {
		h.Del(echo.HeaderContentType)
		return r.NoContent(a.status)
	}
	return r.Blob(a.status, a.contentType, a.body)
}

// allowWebOrigin lets pages of any origin call the web action.
func allowWebOrigin(req *http.Request, h http.Header) {
	h.Set(echo.HeaderAccessControlAllowOrigin, "*")
	h.Set(echo.HeaderAccessControlAllowMethods, "OPTIONS, GET, DELETE, POST, PUT, HEAD, PATCH")
	h.Set(echo.HeaderAccessControlAllowHeaders, allowHeaders)
	if asked := req.Header.Get(echo.HeaderAccessControlRequestHeaders); asked != "" {
		h.Set(echo.HeaderAccessControlAllowHeaders, asked)
	}
}

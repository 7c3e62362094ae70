package openfaas

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

//go:embed ui.html
var uiText string

//nolint:gochecknoglobals // a constant in all but form
var uiPage = template.Must(template.New("ui").Parse(uiText))

// uiRoot is where the pages are.
const uiRoot = "/ui/"

const (
	uiLines  = 100     // of a log, on a page
	uiAnswer = 1 << 20 // bytes of an answer, on a page
)

// mountUI adds the pages: what there is, a form to deploy, and for each
// function how it is, a form to call it, and its log. They are rendered here,
// and need the gateway's credentials as the API does.
func (d *Dialect) mountUI(e *echo.Echo) {
	e.GET("/ui", func(c echo.Context) error { return c.Redirect(http.StatusTemporaryRedirect, uiRoot) })
	e.GET(uiRoot, d.private(d.uiList))
	e.POST(uiRoot, d.private(sameOrigin(d.uiDeploy)))
	e.GET(uiRoot+":name", d.private(d.uiShow))
	e.POST(uiRoot+":name", d.private(sameOrigin(d.uiChange)))
}

// uiData is what a page shows: a list, or one function.
type uiData struct {
	Error      string
	Namespace  string
	Namespaces []string
	Functions  []statusJSON
	Function   *statusJSON
	Lines      []store.FunctionLine
	Payload    string
	Answer     *uiCall
}

// uiCall is what a function answered.
type uiCall struct {
	Status int
	Body   string
}

func (d *Dialect) uiList(r *request) error { return d.list(r, nil) }

// list shows the functions of a namespace, and why something failed.
func (d *Dialect) list(r *request, failed error) error {
	data := uiData{Namespace: r.query("namespace")}
	if data.Namespace == "" {
		data.Namespace = DefaultNamespace
	}
	who, err := d.caller(r, "")
	if err != nil {
		return err
	}
	if data.Functions, err = d.functions(r.ctx(), who); err != nil {
		return err
	}
	slices.SortFunc(data.Functions, func(a, b statusJSON) int { return strings.Compare(a.Name, b.Name) })
	if data.Namespaces, err = d.namespaceNames(r.ctx()); err != nil {
		return err
	}
	return r.page(data, failed)
}

func (d *Dialect) uiDeploy(r *request) error {
	in := deploymentJSON{Service: r.FormValue("service"), spec: spec{Image: r.FormValue("image"), EnvProcess: r.FormValue("envProcess")}}
	who, name, deployment, err := d.deploymentOf(r, in)
	if err == nil {
		_, err = d.plane.CreateFunction(r.ctx(), who, name, deployment)
	}
	if err != nil {
		return d.list(r, err)
	}
	return r.Redirect(http.StatusSeeOther, uiPath(in.Service, r.query("namespace")))
}

func (d *Dialect) uiShow(r *request) error { return d.show(r, uiData{}, nil) }

// show shows one function.
func (d *Dialect) show(r *request, data uiData, failed error) error {
	who, name, err := d.addressed(r, r.Param("name"), "")
	if err != nil {
		return err
	}
	a, err := d.plane.Function(r.ctx(), who, name)
	if err != nil {
		return named(name, err)
	}
	ready, err := d.plane.ReadyReplicas(r.ctx(), who)
	if err != nil {
		return err
	}
	status := d.statusOfFunction(a, ready[name.Name])
	data.Function, data.Namespace = &status, status.Namespace
	err = d.plane.FunctionLog(r.ctx(), who, name, control.LogQuery{Last: uiLines}, func(lines []store.FunctionLine) error {
		data.Lines = append(data.Lines, lines...)
		return nil
	})
	if err != nil {
		return err
	}
	return r.page(data, failed)
}

// uiChange calls or deletes a function.
func (d *Dialect) uiChange(r *request) error {
	who, name, err := d.addressed(r, r.Param("name"), "")
	if err != nil {
		return err
	}
	if r.FormValue("do") == "delete" {
		if err := d.plane.DeleteFunction(r.ctx(), who, name); err != nil {
			return named(name, err)
		}
		return r.Redirect(http.StatusSeeOther, uiPath("", r.query("namespace")))
	}
	data := uiData{Payload: r.FormValue("payload")}
	data.Answer, err = r.call(name.Name+"."+d.shown(name.Namespace), data.Payload)
	return d.show(r, data, err)
}

// call sends the payload to the function by the way that all calls take.
func (r *request) call(function, payload string) (*uiCall, error) {
	req, err := http.NewRequestWithContext(r.ctx(), http.MethodPost, "/function/"+function, strings.NewReader(payload))
	if err != nil {
		return nil, fmt.Errorf("make call: %w", err)
	}
	req.Header.Set(echo.HeaderContentType, echo.MIMETextPlainCharsetUTF8)
	req.Host, req.RemoteAddr, req.RequestURI = r.Request().Host, r.Request().RemoteAddr, req.URL.Path
	answer := &uiResponse{header: http.Header{}, status: http.StatusOK}
	r.Echo().ServeHTTP(answer, req)
	return &uiCall{answer.status, strings.ToValidUTF8(answer.body.String(), "�")}, nil
}

// uiResponse keeps an answer, as much of it as a page shows.
type uiResponse struct {
	header http.Header
	status int
	body   bytes.Buffer
}

var _ http.ResponseWriter = (*uiResponse)(nil)

// Header returns the header.
func (w *uiResponse) Header() http.Header { return w.header }

// WriteHeader keeps the status.
func (w *uiResponse) WriteHeader(status int) { w.status = status }

// Write keeps what there is room for.
func (w *uiResponse) Write(p []byte) (int, error) {
	room := max(0, uiAnswer-w.body.Len())
	w.body.Write(p[:min(len(p), room)])
	return len(p), nil
}

// Flush does nothing: the answer is complete when it is shown.
func (w *uiResponse) Flush() {}

// page answers with a page, which says what failed.
func (r *request) page(data uiData, failed error) error {
	status := http.StatusOK
	if failed != nil {
		f, _ := answerFor(failed)
		status, data.Error = f.status, strings.TrimSpace(f.text)
	}
	var b bytes.Buffer
	if err := uiPage.Execute(&b, data); err != nil {
		return fmt.Errorf("render page: %w", err)
	}
	h := r.Response().Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set(echo.HeaderXContentTypeOptions, "nosniff")
	h.Set(echo.HeaderCacheControl, "no-store")
	return r.HTMLBlob(status, b.Bytes())
}

// sameOrigin refuses forms that another site sends: browsers add the
// credentials to those as well.
func sameOrigin(h handler) handler {
	return func(r *request) error {
		site, text := r.Request().Header.Get("Sec-Fetch-Site"), r.Request().Header.Get(echo.HeaderOrigin)
		origin, err := url.Parse(text)
		if site == "cross-site" || site == "same-site" || err != nil || (text != "" && origin.Host != r.Request().Host) {
			return core.Errorf(core.KindForbidden, "this form was sent from another site")
		}
		return h(r)
	}
}

func uiPath(function, namespace string) string {
	path := uiRoot + url.PathEscape(function)
	if namespace != "" {
		path += "?namespace=" + url.QueryEscape(namespace)
	}
	return path
}

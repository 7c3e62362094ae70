package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/apiserver/openfaas"
	"github.com/hearth-faas/hearth/apiserver/openwhisk"
)

// The files in which OpenFaaS' own gateway looks for its credentials.
const (
	gatewayUserFile     = "basic-auth-user"
	gatewayPasswordFile = "basic-auth-password"
)

// functions returns what adds the OpenFaaS API to a server, and says who has
// its credentials, and registers its metrics.
func (a *apiStage) functions(admin openwhisk.Admin) (mount func(*echo.Echo), admits func(*http.Request) bool, err error) {
	opt, ok, err := a.settings.gateway(admin)
	if err != nil || !ok {
		return func(*echo.Echo) {}, nil, err
	}
	if err := a.parts.metrics.Register(newFunctionCounts(a.parts.db, a.parts.plane, a.parts.log, opt.Namespace)); err != nil {
		return nil, nil, fmt.Errorf("register metrics of functions: %w", err)
	}
	d := openfaas.New(a.parts.plane, a.parts.log, opt)
	return d.Mount, d.Admits, nil
}

// gateway returns the options of the OpenFaaS API, whose clients have the
// credentials in a folder, or those of the operator. Without either there is
// no such API: ok is false.
func (s apiSettings) gateway(admin openwhisk.Admin) (opt openfaas.Options, ok bool, err error) {
	opt = openfaas.Options{
		Namespace: s.FunctionNamespace, Release: version, Commit: commit(), User: admin.User, Password: admin.Password,
	}
	if s.GatewaySecrets == "" {
		return opt, admin.User != "", nil
	}
	for file, to := range map[string]*string{gatewayUserFile: &opt.User, gatewayPasswordFile: &opt.Password} {
		text, err := os.ReadFile(filepath.Join(s.GatewaySecrets, file))
		if err != nil {
			return opt, false, fmt.Errorf("read the gateway's credentials: %w", err)
		}
		if *to = strings.TrimSpace(string(text)); *to == "" {
			return opt, false, fmt.Errorf("read the gateway's credentials: %s is empty", file)
		}
	}
	return opt, true, nil
}

// commit is the revision of the source that this program was built from, as
// far as the program knows.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return ""
}

package main

import (
	"context"
	"net/http"
	"strings"

	"github.com/hearth-faas/hearth/cmd/hearth/stack"
)

// deploymentJSON is a function as it is to be, as the API takes it.
type deploymentJSON struct {
	Service      string            `json:"service"`
	Image        string            `json:"image"`
	Namespace    string            `json:"namespace,omitempty"`
	EnvProcess   string            `json:"envProcess,omitempty"`
	EnvVars      map[string]string `json:"envVars,omitempty"`
	Labels       map[string]string `json:"labels,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	Secrets      []string          `json:"secrets,omitempty"`
	Constraints  []string          `json:"constraints,omitempty"`
	Limits       *stack.Resources  `json:"limits,omitempty"`
	Requests     *stack.Resources  `json:"requests,omitempty"`
	ReadOnlyRoot bool              `json:"readOnlyRootFilesystem,omitempty"`
}

// deployment returns what a stack file says of a function.
func (f *stackFile) deployment(name string) (deploymentJSON, error) {
	of := f.Functions[name]
	env, err := f.environment(of)
	return deploymentJSON{
		Service: name, Image: of.Image, Namespace: of.Namespace, EnvProcess: of.FProcess, EnvVars: env, Labels: of.Labels,
		Annotations: of.Annotations, Secrets: of.Secrets, Constraints: of.Constraints, Limits: of.Limits, Requests: of.Requests,
		ReadOnlyRoot: of.ReadOnlyRoot,
	}, err
}

// deploy replaces a function, or makes it, and prints where it is called.
func (c gatewayConnection) deploy(ctx context.Context, p *program, in deploymentJSON) error {
	if c.Namespace != "" {
		in.Namespace = c.Namespace
	}
	did := "replaced"
	_, err := c.do(ctx, p.env, http.MethodPut, "/system/functions", nil, in)
	if isStatus(err, http.StatusNotFound) {
		did = "made"
		_, err = c.do(ctx, p.env, http.MethodPost, "/system/functions", nil, in)
	}
	if err != nil {
		return err
	}
	base, err := c.base(p.env)
	if err != nil {
		return err
	}
	url := base + "/function/" + in.Service
	if in.Namespace != "" {
		url += "." + in.Namespace
	}
	return p.ok("%s function %s: %s", did, in.Service, url)
}

// deployStack deploys functions of a stack file, as far as it gets.
func (c gatewayConnection) deployStack(ctx context.Context, p *program, f *stackFile, names []string) error {
	c, err := c.of(p.env, f)
	if err != nil {
		return err
	}
	for _, name := range names {
		in, err := f.deployment(name)
		if err != nil {
			return err
		}
		if err := c.deploy(ctx, p, in); err != nil {
			return err
		}
	}
	return nil
}

// anyGateway is what faas-cli writes into every stack file, and takes for none.
const anyGateway = "http://127.0.0.1:8080"

// of returns the connection for a stack file, which may name its gateway.
// The password that is on this machine is meant for the platform on this
// machine; it is not sent to wherever a file from elsewhere points.
func (c gatewayConnection) of(env environment, f *stackFile) (gatewayConnection, error) {
	named := strings.TrimSuffix(f.Provider.Gateway, "/")
	if named == "" || named == anyGateway || c.named(env) != "" {
		return c, nil
	}
	own, err := c.base(env)
	if err == nil && own == named {
		return c, nil
	}
	if c.Password == "" && c.GatewayPasswordFile == "" {
		return c, usagef("%s is for %s: give that gateway's password with --password or --gateway-password-file, or another gateway with --gateway", f.path, named)
	}
	c.Gateway = named
	return c, nil
}

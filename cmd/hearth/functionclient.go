package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
)

// gatewayConnection is where the commands for functions find the platform and
// the credentials of its OpenFaaS API: by default those of hearth up.
type gatewayConnection struct {
	Gateway             string `group:"Connection" placeholder:"URL" help:"The platform's address; otherwise OPENFAAS_URL, or that of the stack file or the property file."`
	GatewayUser         string `group:"Connection" default:"admin" placeholder:"NAME" help:"The name to sign in with (${default})."`
	Password            string `group:"Connection" placeholder:"PASSWORD" help:"The password; better is a file with it."`
	GatewayPasswordFile string `group:"Connection" placeholder:"FILE" help:"The file with the password; otherwise gateway-password in the data folder of hearth up."`
	Namespace           string `short:"n" placeholder:"NAME" help:"The namespace of the function; otherwise openfaas-fn."`
}

// do sends a request and returns the body of an answer of class 2xx.
func (c gatewayConnection) do(ctx context.Context, env environment, method, path string, q url.Values, in any) (json.RawMessage, error) {
	res, err := c.send(ctx, env, method, path, q, in)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, client.MaxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return body, nil
}

// send sends a request with in as its JSON body; an answer of another class
// than 2xx is an error.
func (c gatewayConnection) send(ctx context.Context, env environment, method, path string, q url.Values, in any) (*http.Response, error) {
	base, err := c.base(env)
	if err != nil {
		return nil, err
	}
	password, err := c.password(env)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
	} else {
		if q == nil {
			q = url.Values{}
		}
		if c.Namespace != "" {
			q.Set("namespace", c.Namespace)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, base+path+"?"+q.Encode(), &body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.SetBasicAuth(c.GatewayUser, password)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", base, err)
	}
	if res.StatusCode >= http.StatusOK && res.StatusCode < http.StatusMultipleChoices {
		return res, nil
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<16)) // what there is of a reason
	return nil, &client.Error{Status: res.StatusCode, Message: strings.TrimSpace(string(text))}
}

func (c gatewayConnection) base(env environment) (string, error) {
	address := c.named(env)
	if address == "" {
		props, err := connection{}.properties(env)
		if err != nil {
			return "", err
		}
		address = props["APIHOST"]
	}
	if address == "" {
		return "", usagef("no platform is named: use --gateway or OPENFAAS_URL, or a property file with APIHOST")
	}
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	return strings.TrimSuffix(address, "/"), nil
}

// named is the address that somebody who calls the program gives; others are
// in files.
func (c gatewayConnection) named(env environment) string {
	return cmp.Or(c.Gateway, env["OPENFAAS_URL"])
}

func (c gatewayConnection) password(env environment) (string, error) {
	if c.Password != "" {
		return c.Password, nil
	}
	files := []string{c.GatewayPasswordFile}
	if c.GatewayPasswordFile == "" {
		files = passwordFiles(env)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err == nil {
			return strings.TrimSpace(string(text)), nil
		}
		if !errors.Is(err, fs.ErrNotExist) || c.GatewayPasswordFile != "" {
			return "", fmt.Errorf("read the gateway's password: %w", err)
		}
	}
	return "", usagef("no password: use --password or --gateway-password-file, or the data folder of hearth up (HEARTH_DATA)")
}

// passwordFiles is where hearth up may have left its password: in its data
// folder, wherever that is, beside the property file.
func passwordFiles(env environment) []string {
	var files []string
	if data := env[prefix+"DATA"]; data != "" {
		files = append(files, filepath.Join(data, passwordFile))
	}
	if props := env["WSK_CONFIG_FILE"]; props != "" {
		files = append(files, filepath.Join(filepath.Dir(props), passwordFile))
	}
	return append(files, filepath.Join(env.dataHome(), "hearth", passwordFile))
}

// isStatus says whether err is an answer with the status.
func isStatus(err error, status int) bool {
	e, ok := errors.AsType[*client.Error](err)
	return ok && e.Status == status
}

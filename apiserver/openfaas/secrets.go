package openfaas

import (
	"context"
	"net/http"

	"github.com/hearth-faas/hearth/core"
)

// secretJSON is a secret, both ways; a listing has no values.
type secretJSON struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
	Value     string `json:"value,omitempty"`
	Raw       []byte `json:"rawValue,omitempty"`
}

// bytes is the value: rawValue wins when there is one, as only it is fit for
// anything but text. faas-cli sends both, with value trimmed.
func (s secretJSON) bytes() []byte {
	if len(s.Raw) > 0 {
		return s.Raw
	}
	return []byte(s.Value)
}

func (d *Dialect) listSecrets(r *request) error {
	who, err := d.caller(r, "")
	if err != nil {
		return err
	}
	names, err := d.plane.SecretNames(r.ctx(), who)
	if err != nil {
		return err
	}
	list := make([]secretJSON, len(names))
	for i, name := range names {
		list[i] = secretJSON{Name: name, Namespace: d.shown(who.Namespace.Name)}
	}
	return r.writeJSON(list)
}

func (d *Dialect) createSecret(r *request) error { return d.putSecret(r, d.plane.CreateSecret) }

func (d *Dialect) updateSecret(r *request) error { return d.putSecret(r, d.plane.UpdateSecret) }

func (d *Dialect) putSecret(r *request, put func(context.Context, core.Subject, string, []byte) error) error {
	var in secretJSON
	who, err := d.secret(r, &in)
	if err != nil {
		return err
	}
	if err := put(r.ctx(), who, in.Name, in.bytes()); err != nil {
		return err
	}
	return r.NoContent(http.StatusAccepted)
}

func (d *Dialect) deleteSecret(r *request) error {
	var in secretJSON
	who, err := d.secret(r, &in)
	if err != nil {
		return err
	}
	if err := d.plane.DeleteSecret(r.ctx(), who, in.Name); err != nil {
		return err
	}
	return r.NoContent(http.StatusAccepted)
}

// secret reads a body that names a secret.
func (d *Dialect) secret(r *request, in *secretJSON) (core.Subject, error) {
	if err := r.decode(in); err != nil {
		return core.Subject{}, err
	}
	return d.caller(r, in.Namespace)
}

package control

import (
	"context"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// MaxSecret is the largest secret, in bytes (as in Kubernetes).
const MaxSecret = 1 << 20

// CreateSecret keeps a secret for the functions of the caller's namespace.
// KindConflict when there is one of that name.
func (p *Plane) CreateSecret(ctx context.Context, who core.Subject, name string, value []byte) error {
	return p.putSecret(ctx, who, name, value, store.CreateSecret)
}

// UpdateSecret replaces a secret. Containers that run keep what they have.
// KindNotFound.
func (p *Plane) UpdateSecret(ctx context.Context, who core.Subject, name string, value []byte) error {
	return p.putSecret(ctx, who, name, value, store.UpdateSecret)
}

func (p *Plane) putSecret(ctx context.Context, who core.Subject, name string, value []byte, mode store.SecretMode) error {
	if err := core.ValidSecretName(name); err != nil {
		return err
	}
	if err := fits("secret", len(value), MaxSecret); err != nil {
		return err
	}
	return p.db.PutSecret(ctx, who.Namespace.Name, name, value, mode)
}

// DeleteSecret deletes a secret, also one that a function names. KindNotFound.
func (p *Plane) DeleteSecret(ctx context.Context, who core.Subject, name string) error {
	if err := core.ValidSecretName(name); err != nil {
		return err
	}
	return p.db.DeleteSecret(ctx, who.Namespace.Name, name)
}

// SecretNames returns the names of the caller's secrets, sorted.
func (p *Plane) SecretNames(ctx context.Context, who core.Subject) ([]string, error) {
	return p.db.SecretNames(ctx, who.Namespace.Name)
}

// Secrets returns values of secrets of a namespace by name, for the containers
// of its functions; those that are no more are absent.
func (p *Plane) Secrets(ctx context.Context, namespace string, names []string) (map[string][]byte, error) {
	return p.db.Secrets(ctx, namespace, names)
}

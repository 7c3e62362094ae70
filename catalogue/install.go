package catalogue

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// Install writes the catalogue where an older one is, or none. kind is the
// kind of its actions, one of Node.js. Repeating it is harmless, and so are
// two processes that do it at once. What an operator deletes stays away until
// the next version.
//
// The namespace gets a key that nobody knows: hearth namespace rotate-key
// gives the operator one.
func Install(ctx context.Context, db *store.DB, plane *control.Plane, kind string) error {
	have, err := db.CatalogueVersion(ctx)
	if err != nil || have >= Version {
		return err
	}
	list, err := Packages()
	if err != nil {
		return err
	}
	if _, err := db.CreateNamespace(ctx, Namespace); err != nil && core.KindOf(err) != core.KindConflict {
		return fmt.Errorf("make namespace %s: %w", Namespace, err)
	}
	who, err := db.Owner(ctx, Namespace)
	if err != nil {
		return fmt.Errorf("install catalogue: %w", err)
	}
	for _, pkg := range list {
		if err := install(ctx, plane, who, pkg, kind); err != nil {
			return fmt.Errorf("install package %s: %w", pkg.Name, err)
		}
	}
	return db.SetCatalogueVersion(ctx, Version)
}

func install(ctx context.Context, plane *control.Plane, who core.Subject, pkg Package, kind string) error {
	description, err := json.Marshal(pkg.Description)
	if err != nil {
		return err
	}
	publish, version := true, core.Version{Major: 1, Patch: Version}
	_, err = plane.PutPackage(ctx, who, core.Name{Namespace: Namespace, Name: pkg.Name}, control.PackagePatch{
		Annotations: &core.Params{{Key: "description", Value: description}}, Version: &version, Publish: &publish,
	}, true)
	if err != nil {
		return err
	}
	for _, action := range pkg.Actions {
		annotations, err := action.annotations()
		if err != nil {
			return err
		}
		name := core.Name{Namespace: Namespace, Package: pkg.Name, Name: action.Name}
		_, err = plane.PutAction(ctx, who, name, control.ActionPatch{
			Exec: &core.Exec{Kind: kind, Code: action.Code}, Annotations: annotations, Version: &version, Publish: &publish,
		}, true)
		if err != nil {
			return fmt.Errorf("action %s: %w", action.Name, err)
		}
	}
	return nil
}

package openwhisk

import (
	"encoding/json"
	"net/http"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

const packages = "packages"

// bindingJSON names the package that a binding binds; empty for a package.
type bindingJSON struct {
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
}

type packageJSON struct {
	metaJSON
	Parameters []keyValue  `json:"parameters"`
	Binding    bindingJSON `json:"binding"`
}

// packageWithContent is what GET of one package shows.
type packageWithContent struct {
	packageJSON
	Actions []contentJSON `json:"actions"`
	Feeds   []contentJSON `json:"feeds"`
}

type contentJSON struct {
	Name        string     `json:"name"`
	Version     string     `json:"version"`
	Annotations []keyValue `json:"annotations"`
}

// packageItem is a package in a list: binding is false for a package.
type packageItem struct {
	metaJSON
	Binding any `json:"binding"`
}

func packageOf(p *core.Package) packageJSON {
	return packageJSON{metaOf(p.Meta), paramsJSON(p.Params), bindingJSON{p.Binding.Namespace, p.Binding.Name}}
}

func packageItemOf(p *core.Package) packageItem {
	if p.Binding.IsZero() {
		return packageItem{metaOf(p.Meta), false}
	}
	return packageItem{metaOf(p.Meta), bindingJSON{p.Binding.Namespace, p.Binding.Name}}
}

// contentOf shows the actions of a package; those with the annotation "feed"
// are its feeds.
func contentOf(p *core.Package, actions []core.Action) packageWithContent {
	out := packageWithContent{packageOf(p), []contentJSON{}, []contentJSON{}}
	for _, a := range actions {
		item := contentJSON{a.Name.Name, a.Version.String(), paramsJSON(a.Annotations)}
		if _, feed := a.Annotations.Get("feed"); feed {
			out.Feeds = append(out.Feeds, item)
			continue
		}
		out.Actions = append(out.Actions, item)
	}
	return out
}

func (d *Dialect) listPackages(r *request) error {
	return listed(d, r, packages, core.TypePackage, d.plane.Packages, packageItemOf)
}

func (d *Dialect) getPackage(r *request) error {
	p, actions, err := d.plane.Package(r.ctx(), r.who, r.name())
	if err != nil {
		return err
	}
	return r.ok(contentOf(p, actions))
}

func (d *Dialect) putPackage(r *request) error {
	overwrite, err := boolean(r.QueryParams(), "overwrite", false)
	if err != nil {
		return err
	}
	if r.Param("name") == core.DefaultPackage {
		return badRequest("Package name 'default' is reserved.")
	}
	body, err := putBody(r.Request())
	if err != nil {
		return err
	}
	patch, err := packagePatch(body, r.who.Namespace.Name)
	if err != nil {
		return err
	}
	p, err := d.plane.PutPackage(r.ctx(), r.who, r.name(), patch, overwrite)
	if err != nil {
		return err
	}
	return r.ok(packageOf(p))
}

func packagePatch(body object, self string) (control.PackagePatch, error) {
	var patch control.PackagePatch
	var err error
	if raw, ok := body.has("binding"); ok {
		if patch.Binding, err = parseBinding(raw, self); err != nil {
			return patch, err
		}
	}
	if patch.Params, err = body.params("parameters"); err != nil {
		return patch, err
	}
	if patch.Annotations, err = body.params("annotations"); err != nil {
		return patch, err
	}
	if patch.Version, err = body.version(); err != nil {
		return patch, err
	}
	patch.Publish, err = body.publish()
	return patch, err
}

// parseBinding reads the package that a binding is to bind; {} is none.
func parseBinding(raw json.RawMessage, self string) (*core.Name, error) {
	var b *bindingJSON
	if json.Unmarshal(raw, &b) != nil {
		return nil, malformed("'binding' must be an object of 'namespace' and 'name'")
	}
	if *b == (bindingJSON{}) {
		return nil, nil
	}
	if b.Namespace == "" {
		b.Namespace = core.Self
	}
	n, err := core.ParseName(b.Namespace+"/"+b.Name, self)
	if err != nil || n.Package != "" {
		return nil, malformed("'binding' must name a package")
	}
	return &n, nil
}

func (d *Dialect) deletePackage(r *request) error {
	force, err := boolean(r.QueryParams(), "force", false)
	if err != nil {
		return err
	}
	p, err := d.plane.DeletePackage(r.ctx(), r.who, r.name(), force)
	if err != nil {
		return err
	}
	return writeJSON(r, http.StatusOK, packageOf(p))
}

package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// The stored forms are this package's own, so that neither core nor a
// dialect can change what is in people's databases by renaming a field.
// testdata pins them; a change of form is a migration.

type paramForm struct {
	Key        string          `json:"key"`
	Value      json.RawMessage `json:"value"`
	Init       bool            `json:"init,omitempty"`
	Encryption string          `json:"encryption,omitempty"`
}

// metaForm is what the documents of all types begin with. Name, revision and
// time of the write are not in the document: the key and the fields beside it
// have them.
type metaForm struct {
	Version     string      `json:"version"`
	Publish     bool        `json:"publish"`
	Annotations []paramForm `json:"annotations"`
}

func formParams(params core.Params) []paramForm {
	forms := make([]paramForm, len(params))
	for i, p := range params {
		forms[i] = paramForm(p)
	}
	return forms
}

// unformParams returns nil for no parameters, and a list without spare room:
// appending to it never writes into what others share.
func unformParams(forms []paramForm) core.Params {
	if len(forms) == 0 {
		return nil
	}
	params := make(core.Params, len(forms))
	for i, f := range forms {
		params[i] = core.Param(f)
	}
	return params
}

func formMeta(m core.Meta) metaForm {
	return metaForm{Version: m.Version.String(), Publish: m.Publish, Annotations: formParams(m.Annotations)}
}

func (f metaForm) meta(name core.Name, r record) (core.Meta, error) {
	version, err := core.ParseVersion(f.Version)
	if err != nil {
		return core.Meta{}, err
	}
	return core.Meta{
		Name: name, Version: version, Publish: f.Publish, Annotations: unformParams(f.Annotations),
		Updated: r.updated, Revision: r.revision,
	}, nil
}

// encode returns the document of a form. Values of parameters are not
// escaped for HTML: they come back as they were sent.
func encode(form any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(form); err != nil {
		return "", fmt.Errorf("encode entity: %w", err)
	}
	return string(bytes.TrimRight(b.Bytes(), "\n")), nil
}

// decode reads a document into a form; the error is ErrCorrupt.
func decode(name core.Name, r record, form any) error {
	if err := json.Unmarshal([]byte(r.doc), form); err != nil {
		return corrupt(name, r, err)
	}
	return nil
}

func corrupt(name core.Name, r record, err error) error {
	return fmt.Errorf("decode %s %s: %w: %w", r.typ, name, ErrCorrupt, err)
}

// decodeEntity reads the document of an entity that has parameters into form,
// of which meta and params are parts; the error is ErrCorrupt.
func (db *DB) decodeEntity(name core.Name, r record, form any, meta *metaForm, params *[]paramForm) (core.Meta, core.Params, error) {
	if err := decode(name, r, form); err != nil {
		return core.Meta{}, nil, err
	}
	m, err := meta.meta(name, r)
	if err != nil {
		return core.Meta{}, nil, corrupt(name, r, err)
	}
	p, err := db.openParams(name.Full(), *params)
	if err != nil {
		return core.Meta{}, nil, corrupt(name, r, err)
	}
	return m, p, nil
}

type execForm struct {
	Kind       string   `json:"kind"`
	Binary     bool     `json:"binary,omitempty"`
	Main       string   `json:"main,omitempty"`
	Image      string   `json:"image,omitempty"`
	Components []string `json:"components,omitempty"`
}

type limitsForm struct {
	Timeout     int64 `json:"timeout"` // milliseconds
	Memory      int   `json:"memory"`
	Logs        int   `json:"logs"`
	Concurrency int   `json:"concurrency"`
	Instances   *int  `json:"instances,omitempty"`
}

type actionForm struct {
	metaForm
	Exec       execForm    `json:"exec"`
	Parameters []paramForm `json:"parameters"`
	Limits     limitsForm  `json:"limits"`
	// Function is absent from what is no function.
	Function *functionFields `json:"function,omitempty"`
}

// formAction gives a the parameters as they will be read.
func (db *DB) formAction(a *core.Action) actionForm {
	a.Params = db.marked(a.Params)
	components := make([]string, len(a.Exec.Components))
	for i, c := range a.Exec.Components {
		components[i] = c.String()
	}
	return actionForm{
		Function:   db.formFunction(a),
		metaForm:   formMeta(a.Meta),
		Exec:       execForm{a.Exec.Kind, a.Exec.Binary, a.Exec.Main, a.Exec.Image, components},
		Parameters: db.sealParams(a.Name.Full(), a.Params),
		Limits: limitsForm{
			a.Limits.Timeout.Milliseconds(), a.Limits.Memory, a.Limits.Logs, a.Limits.Concurrency, a.Limits.Instances,
		},
	}
}

func (db *DB) decodeAction(name core.Name, r record) (*core.Action, error) {
	var f actionForm
	meta, params, err := db.decodeEntity(name, r, &f, &f.metaForm, &f.Parameters)
	if err != nil {
		return nil, err
	}
	var components []core.Name
	for _, c := range f.Exec.Components {
		n, err := core.ParseName(c, "")
		if err != nil {
			return nil, corrupt(name, r, err)
		}
		components = append(components, n)
	}
	function, err := db.openFunction(name, f.Function)
	if err != nil {
		return nil, corrupt(name, r, err)
	}
	a := &core.Action{
		Function: function, Replicas: r.replicas,
		Meta:   meta,
		Exec:   core.Exec{Kind: f.Exec.Kind, Binary: f.Exec.Binary, Main: f.Exec.Main, Image: f.Exec.Image, Components: slices.Clip(components)},
		Params: params,
		Limits: core.Limits{
			Timeout: time.Duration(f.Limits.Timeout) * time.Millisecond, Memory: f.Limits.Memory, Logs: f.Limits.Logs,
			Concurrency: f.Limits.Concurrency, Instances: f.Limits.Instances,
		},
	}
	if r.code != nil {
		a.Exec.Code = []byte(*r.code)
	}
	return a, nil
}

type bindingForm struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

type packageForm struct {
	metaForm
	Parameters []paramForm  `json:"parameters"`
	Binding    *bindingForm `json:"binding,omitempty"`
}

// formPackage gives p the parameters as they will be read.
func (db *DB) formPackage(p *core.Package) packageForm {
	p.Params = db.marked(p.Params)
	f := packageForm{metaForm: formMeta(p.Meta), Parameters: db.sealParams(p.Name.Full(), p.Params)}
	if !p.Binding.IsZero() {
		f.Binding = &bindingForm{p.Binding.Namespace, p.Binding.Name}
	}
	return f
}

func (db *DB) decodePackage(name core.Name, r record) (*core.Package, error) {
	var f packageForm
	meta, params, err := db.decodeEntity(name, r, &f, &f.metaForm, &f.Parameters)
	if err != nil {
		return nil, err
	}
	p := &core.Package{Meta: meta, Params: params}
	if f.Binding != nil {
		p.Binding = core.Name{Namespace: f.Binding.Namespace, Name: f.Binding.Name}
	}
	return p, nil
}

type triggerForm struct {
	metaForm
	Parameters []paramForm `json:"parameters"`
}

// formTrigger gives t the parameters as they will be read.
func (db *DB) formTrigger(t *core.Trigger) triggerForm {
	t.Params = db.marked(t.Params)
	return triggerForm{metaForm: formMeta(t.Meta), Parameters: db.sealParams(t.Name.Full(), t.Params)}
}

func (db *DB) decodeTrigger(name core.Name, r record) (*core.Trigger, error) {
	var f triggerForm
	meta, params, err := db.decodeEntity(name, r, &f, &f.metaForm, &f.Parameters)
	if err != nil {
		return nil, err
	}
	return &core.Trigger{Meta: meta, Params: params}, nil
}

type ruleForm struct {
	metaForm
	Trigger string `json:"trigger"`
	Action  string `json:"action"`
}

func decodeRule(name core.Name, r record) (*core.Rule, error) {
	var f ruleForm
	if err := decode(name, r, &f); err != nil {
		return nil, err
	}
	meta, err := f.meta(name, r)
	if err != nil {
		return nil, corrupt(name, r, err)
	}
	trigger, err := core.ParseName(f.Trigger, "")
	if err != nil {
		return nil, corrupt(name, r, err)
	}
	action, err := core.ParseName(f.Action, "")
	if err != nil {
		return nil, corrupt(name, r, err)
	}
	return &core.Rule{Meta: meta, Trigger: trigger, Action: action, Active: r.active}, nil
}

// Package catalogue is what every platform begins with: the public packages
// of the namespace whisk.system, with small actions to build sequences of and
// to learn from. Names, parameters and results are those of OpenWhisk's
// catalogue.
//
// catalogue.json says what there is; the code is in a folder for each package.
package catalogue

import (
	"embed"
	"encoding/json"
	"fmt"

	"github.com/hearth-faas/hearth/core"
)

// Namespace is where the catalogue is.
const Namespace = "whisk.system"

// Version is raised with every change of what is in the folder, so that
// platforms install it anew.
const Version = 3

//go:embed catalogue.json alarms/*.js utils/*.js samples/*.js
var files embed.FS

// Package is a public package.
type Package struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Actions     []Action `json:"actions"`
}

// Action is an action of a package. What describes it becomes annotations,
// under the names of the fields.
type Action struct {
	Name         string    `json:"name"`
	Description  string    `json:"description"`
	Parameters   core.JSON `json:"parameters"` // nil where there are none
	SampleInput  core.JSON `json:"sampleInput"`
	SampleOutput core.JSON `json:"sampleOutput"`
	// Feed says that clients call it in the life of a trigger.
	Feed bool `json:"feed"`
	// File with the code; "" means PACKAGE/ACTION.js.
	File string `json:"file"`
	// Code is Node.js source.
	Code []byte `json:"-"`
}

// Packages returns all that is in the catalogue.
func Packages() ([]Package, error) {
	text, err := files.ReadFile("catalogue.json")
	if err != nil {
		return nil, fmt.Errorf("read catalogue: %w", err)
	}
	var list []Package
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("read catalogue: %w", err)
	}
	for i, pkg := range list {
		for j, action := range pkg.Actions {
			if action.File == "" {
				action.File = pkg.Name + "/" + action.Name + ".js"
			}
			if action.Code, err = files.ReadFile(action.File); err != nil {
				return nil, fmt.Errorf("read code of %s/%s: %w", pkg.Name, action.Name, err)
			}
			list[i].Actions[j] = action
		}
	}
	return list, nil
}

// annotations of an action, in OpenWhisk's order.
func (a Action) annotations() (core.Params, error) {
	description, err := json.Marshal(a.Description)
	if err != nil {
		return nil, fmt.Errorf("describe %s: %w", a.Name, err)
	}
	list := core.Params{{Key: "description", Value: description}}
	for _, p := range []core.Param{
		{Key: "parameters", Value: a.Parameters},
		{Key: "sampleInput", Value: a.SampleInput},
		{Key: "sampleOutput", Value: a.SampleOutput},
	} {
		if p.Value != nil {
			list = append(list, p)
		}
	}
	if a.Feed {
		list = append(list, core.Param{Key: "feed", Value: core.JSON("true")})
	}
	return list, nil
}

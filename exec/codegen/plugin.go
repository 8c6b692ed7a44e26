package main

import (
	_ "embed"
	"errors"
	"fmt"
	"reflect"
	"sort"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/templates"

	"workflowfactory/exec"
)

//go:embed plan.gotpl
var planTemplate string

// plugin writes the table for package exec. Its code is checked by the compiler: where a model and
// the schema do not fit, the table does not compile.
type plugin struct {
	filename string
}

// Name is how gqlgen names the plugin in its errors.
func (*plugin) Name() string { return "exec" }

// GenerateCode refuses what package exec cannot execute, all of it at once, or writes the table.
func (p *plugin) GenerateCode(data *codegen.Data) error {
	if err := refusals(data); err != nil {
		return err
	}
	return templates.Render(templates.Options{
		PackageName:     data.Config.Exec.Package,
		Filename:        p.filename,
		Template:        planTemplate,
		Data:            &table{Data: data, enums: map[string]enum{}},
		GeneratedHeader: true,
		Packages:        data.Config.Packages,
		PruneOptions:    data.Config.GetPruneOptions(),
	})
}

// refusals joins what is wrong with each field.
func refusals(data *codegen.Data) error {
	var errs []error
	for _, object := range objects(data) {
		if err := refuseObject(object); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", object.Name, err))
			continue
		}
		for _, field := range object.Fields {
			if err := refuseField(field); err != nil {
				errs = append(errs, fmt.Errorf("%s.%s: %w", object.Name, field.Name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// objects are the schema's own object types, without those of introspection.
func objects(data *codegen.Data) []*codegen.Object {
	var own []*codegen.Object
	for _, object := range data.Objects {
		if !object.IsReserved() {
			own = append(own, object)
		}
	}
	return own
}

func interfaces(data *codegen.Data) []*codegen.Interface {
	var own []*codegen.Interface
	for _, i := range data.Interfaces {
		own = append(own, i)
	}
	sort.Slice(own, func(i, j int) bool { return own[i].Name < own[j].Name })
	return own
}

// execPath is where generated code finds package exec.
func execPath() string { return reflect.TypeFor[exec.Schema]().PkgPath() }

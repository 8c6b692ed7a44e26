package main

import (
	"errors"
	"fmt"
	"go/types"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/vektah/gqlparser/v2/ast"
)

func refuseObject(object *codegen.Object) error {
	if object.Root {
		return nil
	}
	if _, named := object.Type.(*types.Named); !named || config.IsNilable(object.Type) {
		return fmt.Errorf("the Go type %s cannot stand behind an object; use a struct", object.Type)
	}
	return nil
}

// refuseField tells why package exec cannot execute a field.
func refuseField(field *codegen.Field) error {
	if isIntrospection(field) {
		return nil
	}
	if field.TypeReference.IsRoot {
		return errors.New("a field cannot lead back to a root type")
	}
	if err := refuseSource(field); err != nil {
		return err
	}
	for _, d := range field.ImplDirectives() {
		if d.DirectiveDefinition == nil {
			return fmt.Errorf("directive @%s has no definition", d.Name)
		}
	}
	if isLeaf(field.TypeReference) {
		return refuseLeaf(field.TypeReference)
	}
	return refuseObjects(field.TypeReference)
}

// refuseSource looks at how the value is had.
func refuseSource(field *codegen.Field) error {
	switch {
	case field.UsesSubscriptionContext():
		return errors.New("@subscriptionContext is not supported")
	case field.IsBatch() || field.IsResolver && field.IsRoot():
		return nil
	case field.IsResolver:
		return fmt.Errorf("it is not in the model, and its resolver would take one object at a time; "+
			"in gqlgen.yml set models: %s: fields: %s: {resolver: true, batch: true}", field.Object.Name, field.Name)
	case field.IsMap():
		return errors.New("objects in maps are not supported; use a struct")
	case field.HasHaser:
		return errors.New("methods named Has… are not supported")
	case field.IsMethod():
		return refuseMethod(field)
	}
	return nil
}

func refuseMethod(field *codegen.Field) error {
	if field.MethodHasContext || len(field.Args) > 0 || !field.NoErr {
		return fmt.Errorf("the method %s of the model may take nothing and give one value; "+
			"if it takes a context or arguments, or can fail, make the field a batch resolver", field.GoFieldName)
	}
	return nil
}

func refuseLeaf(ref *config.TypeReference) error {
	if ref.HasEnumValues() {
		return errors.New("enum_values are not supported; give the Go type MarshalGQL and UnmarshalGQL")
	}
	if ref.IsSlice() {
		return refuseLeaf(ref.Elem())
	}
	if !ref.IsMarshaler && ref.Marshaler == nil {
		return fmt.Errorf("the Go type %s has no marshaler", ref.GO)
	}
	return nil
}

// refuseObjects looks at the Go type of what has fields of its own: pointers to structs, structs,
// and interfaces, in lists or not.
func refuseObjects(ref *config.TypeReference) error {
	if ref.IsSlice() {
		return refuseObjects(ref.Elem())
	}
	if isAbstract(ref) {
		if !types.IsInterface(ref.GO) {
			return fmt.Errorf("the Go type %s of an interface or union must be a Go interface", ref.GO)
		}
		return nil
	}
	target := ref.GO
	if p, ok := target.(*types.Pointer); ok {
		target = p.Elem()
	}
	if _, named := target.(*types.Named); !named || config.IsNilable(target) {
		return fmt.Errorf("the Go type %s cannot be read; use a pointer to a struct, a struct, or slices of them", ref.GO)
	}
	return nil
}

func isIntrospection(field *codegen.Field) bool {
	return field.IsRoot() && (field.Name == "__schema" || field.Name == "__type")
}

func isLeaf(ref *config.TypeReference) bool { return ref.Definition.IsLeafType() }

func isAbstract(ref *config.TypeReference) bool {
	return ref.Definition.Kind == ast.Interface || ref.Definition.Kind == ast.Union
}

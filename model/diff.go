package model

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// Diff lists the fields of a noun that changed from before to after, both pointers to the same struct; after is nil
// when the noun was deleted. Fields are named as in the API; version and updatedAt always change and are left out.
func Diff(before, after any) []FieldChange {
	b := reflect.ValueOf(before).Elem()
	var a reflect.Value
	if after != nil {
		a = reflect.ValueOf(after).Elem()
	}
	var changes []FieldChange
	for i, name := range fieldNames(b.Type()) {
		if name == "" {
			continue
		}
		if a.IsValid() && same(b.Field(i), a.Field(i)) {
			continue
		}
		change := FieldChange{Field: name, Before: toJSON(b.Field(i))}
		if a.IsValid() {
			change.After = toJSON(a.Field(i))
		} else if change.Before == nil {
			continue
		}
		changes = append(changes, change)
	}
	return changes
}

// same compares two fields as reflect.DeepEqual does, mostly without copying them.
func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Pointer:
		return a.Pointer() == b.Pointer() || !a.IsNil() && !b.IsNil() && same(a.Elem(), b.Elem())
	case reflect.Bool, reflect.Int, reflect.Int32, reflect.Int64, reflect.Float64, reflect.String:
		return a.Equal(b)
	}
	if id, ok := a.Addr().Interface().(*ID); ok {
		return *id == *b.Addr().Interface().(*ID)
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

var knownFields sync.Map // of the names of a type's fields

// fieldNames gives the API's name of each field of a noun, "" for what is not shown. What all nouns share (the
// embedded Noun) never changes but for version and updatedAt.
func fieldNames(t reflect.Type) []string {
	if names, ok := knownFields.Load(t); ok {
		return names.([]string)
	}
	names := make([]string, t.NumField())
	for i := range names {
		f := t.Field(i)
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "-" && f.Tag.Get("diff") != "-" && !f.Anonymous {
			names[i] = name
		}
	}
	knownFields.Store(t, names)
	return names
}

// toJSON gives a field's value, nil for null. A noun holds nothing that json refuses.
func toJSON(v reflect.Value) JSON {
	b, err := json.Marshal(v.Interface())
	if err != nil {
		panic(err)
	}
	if s := string(b); s == "null" || s == `""` && v.Type() == reflect.TypeFor[ID]() {
		return nil
	}
	return b
}

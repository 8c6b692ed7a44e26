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
		old := b.Field(i)
		change := FieldChange{Field: name, Before: toJSON(old)}
		if a.IsValid() {
			if reflect.DeepEqual(old.Interface(), a.Field(i).Interface()) {
				continue
			}
			change.After = toJSON(a.Field(i))
		} else if change.Before == nil {
			continue
		}
		changes = append(changes, change)
	}
	return changes
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
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "-" && !f.Anonymous {
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

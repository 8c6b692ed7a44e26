package model_test

import (
	"slices"
	"testing"

	"workflowfactory/model"
)

func TestIDsSortByCreation(t *testing.T) {
	var ids []string
	for range 10_000 {
		ids = append(ids, model.NewID(model.KindTask).String())
	}
	if !slices.IsSorted(ids) {
		t.Error("ids made one after the other do not ascend")
	}
	if len(slices.Compact(ids)) != 10_000 {
		t.Error("an id was given twice")
	}
}

func TestIDText(t *testing.T) {
	id := model.NewID(model.KindSuggestion)
	back, ok := model.ParseID(id.String())
	if !ok || back != id || back.Kind() != model.KindSuggestion {
		t.Fatalf("ParseID(%s) = %v, %v", id, back, ok)
	}
	text := id.String()
	for name, s := range map[string]string{
		"empty": "", "no prefix": text[4:], "another kind's prefix": "task" + text[3:], "short": text[:len(text)-1],
		"long": text + "0", "upper case": "SUG" + text[3:], "not base 32": text[:len(text)-2] + "u!", "spare bits": text[:len(text)-1] + "z",
	} {
		if got, ok := model.ParseID(s); ok {
			t.Errorf("%s: ParseID(%q) = %v, want refusal", name, s, got)
		}
	}
}

func TestIDInAColumn(t *testing.T) {
	id := model.NewID(model.KindAgent)
	v, err := id.Value()
	if err != nil {
		t.Fatal(err)
	}
	for _, src := range []any{v, []byte(v.(string)), [16]byte(id)} {
		var back model.ID
		if err := back.Scan(src); err != nil || back != id {
			t.Errorf("Scan(%v) = %v, %v, want %v", src, back, err, id)
		}
	}
	var none model.ID
	if v, _ := none.Value(); v != nil {
		t.Errorf("the zero ID is stored as %v, want NULL", v)
	}
}

func FuzzParseID(f *testing.F) {
	f.Add(model.NewID(model.KindWorkflow).String())
	f.Add("wf_")
	f.Add("_0")
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := model.ParseID(s); ok && id.String() != s {
			t.Errorf("ParseID(%q) reads what String writes as %q", s, id)
		}
	})
}

package transport

import (
	"encoding/json"
	"reflect"
	"testing"
)

// Whatever the request: what is read in one pass is what checking and decoding it give.
func FuzzPlainParams(f *testing.F) {
	for _, request := range []string{
		`{"query":"{ a }","variables":{"id":"x","n":12,"b":true,"no":null},"operationName":"q","extensions":{}}`,
		"{ \"query\" : \"query {\\n\\ta(s: \\\"é\\\")\\n}\" , \"operationName\":null}\n", `{"query":"a","query":"b"}`, `{"Query":"a"}`,
		`{"query":"\u0000"}`, `{"query":"\ud800"}`, `{"query":"a","variables":{"n":-1,"f":1.5,"l":[1]}}`, `{"query":"a","variables":{"n":01}}`,
		`{"query":"a",}`, `{"query":"a"}{}`, `{"query":1}`, `{"variables":{"a":1,"a":2},"query":"q"}`, `null`, `{}`, "{\"query\":\"\x00\"}", `{"query":"a\`,
	} {
		f.Add([]byte(request))
	}
	limits := (&Limits{}).WithDefaults()
	limits.StringBytes, limits.DocumentBytes = 100, 100
	f.Fuzz(func(t *testing.T, raw []byte) {
		plain, ok := plainParams(raw, &limits)
		if !ok {
			return
		}
		if err := checkJSON(raw, &limits); err != nil {
			t.Fatalf("read, but refused: %v", err)
		}
		var decoded parameters
		if err := decodeJSON(raw, &decoded); err != nil {
			t.Fatalf("read, but malformed: %v", err)
		}
		if !reflect.DeepEqual(plain, decoded) {
			t.Errorf("%#v\nis %#v", plain, decoded)
		}
	})
}

// TestPlainParams reads the usual in one pass, and leaves the rest to others.
func TestPlainParams(t *testing.T) {
	t.Parallel()
	limits := (&Limits{}).WithDefaults()
	usual, _ := json.Marshal(map[string]any{
		"query": "query ($id: ID!) {\n\tworkflow(id: $id) { name } }", "variables": map[string]any{"id": "wf_1", "first": 10}, "operationName": nil,
	})
	if p, ok := plainParams(usual, &limits); !ok || p.Query == nil || p.Variables["first"] != json.Number("10") {
		t.Errorf("%v %v", p, ok)
	}
	if _, ok := plainParams([]byte(`{"query":"{ a }","variables":{"list":[1]}}`), &limits); ok {
		t.Error("a list was taken for plain")
	}
}

package server

import (
	"encoding/json"
	"testing"

	"github.com/99designs/gqlgen/graphql"
)

func TestCursorOf(t *testing.T) {
	for data, want := range map[string]string{
		`{"events":{"type":"TASK_READY","cursor":"abc"}}`: "abc",
		`{"taskLog":{"cursor":"7","node":{}}}`:            "7",
		`{"events":{"type":"TASK_READY"}}`:                "",
		`{"events":{"cursor":{"not":"a text"}}}`:          "",
		`null`:                                            "",
		``:                                                "",
	} {
		if got := cursorOf(&graphql.Response{Data: json.RawMessage(data)}); got != want {
			t.Errorf("cursorOf(%s) = %q, want %q", data, got, want)
		}
	}
}

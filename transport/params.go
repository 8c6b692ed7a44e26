package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/url"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// parameters is a request as the GraphQL over HTTP draft and the payload of `subscribe` spell it.
type parameters struct {
	Query         *string        `json:"query"`
	OperationName *string        `json:"operationName"`
	Variables     map[string]any `json:"variables"`
	Extensions    map[string]any `json:"extensions"`
}

// decodeParams reads a request from JSON. Its errors say what is malformed and repeat nothing of the request.
func decodeParams(raw []byte) (*graphql.RawParams, *gqlerror.Error) {
	var p parameters
	if err := decodeJSON(raw, &p); err != nil {
		return nil, malformed(err)
	}
	return p.raw()
}

// queryParams reads a request from a URL, where variables and extensions are JSON texts.
func queryParams(values url.Values) (*graphql.RawParams, *gqlerror.Error) {
	var p parameters
	if values.Has("query") {
		p.Query = new(values.Get("query"))
	}
	if name := values.Get("operationName"); name != "" {
		p.OperationName = &name
	}
	for name, target := range map[string]*map[string]any{"variables": &p.Variables, "extensions": &p.Extensions} {
		text := values.Get(name)
		if text == "" {
			continue
		}
		if err := decodeJSON([]byte(text), target); err != nil {
			return nil, badInput("the parameter %q is not a JSON object", name)
		}
	}
	return p.raw()
}

func (p *parameters) raw() (*graphql.RawParams, *gqlerror.Error) {
	raw := &graphql.RawParams{Variables: p.Variables, Extensions: p.Extensions}
	if p.OperationName != nil {
		raw.OperationName = *p.OperationName
	}
	if p.Query != nil {
		raw.Query = *p.Query
		return raw, nil
	}
	if _, persisted := p.Extensions[persistedQuery]; persisted {
		return raw, nil
	}
	return nil, badInput("the request has no query: send a JSON object with a string at %q", "query")
}

// decodeJSON keeps numbers as they were written: an id or a counter must not pass through a float.
func decodeJSON(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}

func malformed(err error) *gqlerror.Error {
	mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case ok && mismatch.Field != "":
		return badInput("the parameter %q cannot be a JSON %s", mismatch.Field, mismatch.Value)
	case ok:
		return badInput("the request is a JSON %s, not an object", mismatch.Value)
	}
	return badInput("the request is not well-formed JSON")
}

package transport

import (
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// envelope is what stands around a response's data. The data itself is written as it is: the executor has made it,
// and marshalling it again would cost a tenth of the whole request.
type envelope struct {
	head, tail []byte
}

// dataAlone is around the data of nearly all responses. It is only read.
var dataAlone = envelope{head: []byte(`{"data":`), tail: []byte{'}'}}

// envelop encodes everything of a response but its data. A response that failed before it was executed has no data, and
// then no data entry either, as the GraphQL over HTTP draft wants it.
func envelop(response *graphql.Response) envelope {
	if len(response.Errors) == 0 && len(response.Extensions) == 0 && len(response.Data) > 0 {
		return dataAlone
	}
	head := append(make([]byte, 0, 64), '{')
	if len(response.Errors) > 0 {
		head = append(head, `"errors":`...)
		head = append(head, marshalErrors(response.Errors)...)
	}
	if len(response.Data) > 0 {
		head = append(comma(head), `"data":`...)
	}
	return envelope{head: head, tail: tail(response, len(head) == 1)}
}

func tail(response *graphql.Response, first bool) []byte {
	if len(response.Extensions) == 0 {
		return []byte{'}'}
	}
	extensions, err := json.Marshal(response.Extensions)
	if err != nil {
		extensions = []byte("{}") // an extension that cannot be encoded must not cost the caller the data
	}
	tail := make([]byte, 0, len(extensions)+16)
	if !first {
		tail = append(tail, ',')
	}
	tail = append(tail, `"extensions":`...)
	tail = append(tail, extensions...)
	return append(tail, '}')
}

// payloadOf is the whole response in one line, with a copy of the data: event streams end with a line what they say.
func payloadOf(response *graphql.Response) []byte {
	around := envelop(response)
	payload := make([]byte, 0, len(around.head)+len(response.Data)+len(around.tail))
	payload = append(payload, around.head...)
	payload = append(payload, response.Data...)
	payload = append(payload, around.tail...)
	for i, c := range payload {
		if c == '\n' || c == '\r' {
			payload[i] = ' ' // outside of strings a line break means nothing, and inside it is written otherwise
		}
	}
	return payload
}

func comma(b []byte) []byte {
	if len(b) > 1 {
		b = append(b, ',')
	}
	return b
}

func marshalErrors(errs gqlerror.List) []byte {
	b, err := json.Marshal(errs)
	if err != nil { // an extension of an error that cannot be encoded
		return []byte(`[{"message":"internal error","extensions":{"code":"INTERNAL"}}]`)
	}
	return b
}

// failed tells a response that answers for an operation which could not be executed from one with data, null data too.
func failed(response *graphql.Response) bool { return len(response.Data) == 0 }

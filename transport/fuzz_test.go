package transport_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"workflowfactory/transport"
	"workflowfactory/transport/transporttest"
)

// Whatever the document: it is looked at in bounded time, and what passes is valid.
func FuzzGuard(f *testing.F) {
	for _, query := range hostile() {
		f.Add(query)
	}
	schema := transporttest.New().Schema().Schema()
	exec := guarded(transport.Config{Limits: transport.Limits{DocumentCacheBytes: 1}})
	f.Fuzz(func(t *testing.T, query string) {
		start := processorTime(t) // which does not depend on who else wants the processors
		_, op, errs := exec.Create(t.Context(), &graphql.RawParams{Query: query})
		if took := processorTime(t) - start; took > time.Second {
			t.Errorf("took %v", took)
		}
		if errs != nil || op.Doc == nil {
			return
		}
		doc, err := parser.ParseQuery(&ast.Source{Input: query})
		if err != nil {
			t.Fatalf("passed, but does not parse: %v", err)
		}
		if errs := validator.ValidateWithRules(schema, doc, nil); errs != nil {
			t.Fatalf("passed, but is invalid: %v", errs)
		}
	})
}

// Whatever the message: the socket answers, or closes with a code of the protocol.
func FuzzSocketMessage(f *testing.F) {
	for _, message := range []string{
		`{"type":"connection_init"}`, `{"type":"ping","payload":{"a":1}}`, `{"type":"pong"}`, `{"id":"1","type":"complete"}`, `{}`, `[`,
		`{"id":"1","type":"subscribe","payload":{"query":"{hello}","operationName":null,"variables":{},"extensions":{}}}`,
		`{"id":"\ud800","type":"subscribe","payload":{"query":"subscription{count(to:2)}"}}`,
	} {
		f.Add([]byte(message))
	}
	gql, err := transport.New(transporttest.New().Schema(), transport.Config{})
	if err != nil {
		f.Fatal(err)
	}
	server := httptest.NewServer(gql)
	f.Cleanup(func() {
		server.Close()
		if err := gql.Sockets.Shutdown(context.Background()); err != nil {
			f.Error(err)
		}
	})
	codes := []int{4400, 4409, 4429, 1009}
	f.Fuzz(func(t *testing.T, message []byte) {
		dialer := websocket.Dialer{Subprotocols: []string{transport.Subprotocol}}
		conn, _, err := dialer.Dial("ws"+server.URL[len("http"):], nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.NetConn().(*net.TCPConn).SetLinger(0) // so that thousands a second do not use up the ports
		defer conn.Close()
		for _, m := range [][]byte{[]byte(`{"type":"connection_init"}`), message, []byte(`{"type":"ping","payload":"last"}`)} {
			if err := conn.WriteMessage(websocket.TextMessage, m); err != nil {
				break // closed already, which reading will tell
			}
		}
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		for {
			_, answer, err := conn.ReadMessage()
			if closed, ok := errors.AsType[*websocket.CloseError](err); ok && slices.Contains(codes, closed.Code) {
				return
			}
			if err != nil {
				t.Fatalf("after %q: %v", message, err)
			}
			if bytes.Equal(answer, []byte(`{"type":"pong","payload":"last"}`)) {
				return
			}
		}
	})
}

package transport_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/gorilla/websocket"

	"workflowfactory/transport"
	"workflowfactory/transport/transporttest"
)

// BenchmarkFanOut publishes one event at a time and waits until each of 500 sockets has it: shared, and executed for
// each alone. The clients, which only count bytes, are in the same process and in the figures.
func BenchmarkFanOut(b *testing.B) {
	for _, shared := range []bool{true, false} {
		b.Run(fmt.Sprintf("shared=%t", shared), func(b *testing.B) { fanOut(b, shared) })
	}
}

func fanOut(b *testing.B, shared bool) {
	const sockets = 500
	resolver := transporttest.New()
	config := transport.Config{Limits: transport.Limits{KeepAlive: time.Hour}} // a ping is no event
	if shared {
		config.Sharing = transport.Sharing{
			Source: &transporttest.Source{Resolver: resolver},
			Scope: func(context.Context, *graphql.OperationContext) (string, func(context.Context) context.Context) {
				return "all", func(ctx context.Context) context.Context { return ctx }
			},
		}
	}
	gql := handler.New(resolver.Schema())
	transports := transport.NewWebSocket(config)
	gql.AddTransport(transports)
	server := httptest.NewServer(gql)
	defer server.Close()
	defer transports.Shutdown(context.Background())
	var received sync.WaitGroup
	for range sockets {
		conn := subscribed(b, server.URL)
		defer conn.Close()
		go count(conn.NetConn(), &received)
	}
	received.Add(sockets) // the first event shows that all are there
	resolver.Feed.Publish("a", 1, 200)
	received.Wait()
	b.ReportAllocs()
	start := processorTime(b)
	for b.Loop() {
		received.Add(sockets)
		resolver.Feed.Publish("a", 1, 200)
		received.Wait()
	}
	b.ReportMetric(float64((processorTime(b)-start).Nanoseconds())/float64(b.N*sockets), "cpu-ns/delivery")
}

func subscribed(b *testing.B, url string) *websocket.Conn {
	dialer := websocket.Dialer{Subprotocols: []string{transport.Subprotocol}}
	conn, _, err := dialer.Dial("ws"+url[len("http"):], nil)
	if err != nil {
		b.Fatal(err)
	}
	subscribe := fmt.Sprintf(`{"id":"1","type":"subscribe","payload":{"query":%q,"variables":{"after":"0"}}}`, ticks)
	for _, message := range []string{`{"type":"connection_init"}`, subscribe} {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
			b.Fatal(err)
		}
	}
	if _, _, err := conn.ReadMessage(); err != nil {
		b.Fatal(err)
	}
	return conn
}

// count takes frames off a connection without looking at them, and without an allocation.
func count(conn net.Conn, received *sync.WaitGroup) {
	frames := bufio.NewReader(conn)
	for {
		head, err := frames.Peek(4)
		if err != nil {
			return
		}
		size := 2 + int(head[1])
		if head[1] == 126 {
			size = 4 + int(head[2])<<8 + int(head[3])
		}
		if _, err := frames.Discard(size); err != nil {
			return
		}
		received.Done()
	}
}

package transport_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
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
	resolver, url := streaming(b, shared)
	var received sync.WaitGroup
	for range sockets {
		conn := subscribed(b, url)
		defer conn.Close()
		go count(conn.NetConn(), received.Done)
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

// streaming runs a server of sockets until the benchmark ends.
func streaming(b *testing.B, shared bool) (*transporttest.Resolver, string) {
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
	gql, err := transport.New(resolver.Schema(), config)
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(gql)
	b.Cleanup(func() {
		server.Close()
		_ = gql.Sockets.Shutdown(context.Background())
	})
	return resolver, server.URL
}

// BenchmarkStalled is how long an event takes to each of 50 sockets, quiet and beside 20 sockets that stopped reading,
// with five subscriptions each. Run it for as long as stalled sockets last, with -benchtime=10s or so.
func BenchmarkStalled(b *testing.B) {
	for _, stalled := range []int{0, 20} {
		b.Run(fmt.Sprintf("stalled=%d", stalled), func(b *testing.B) { latencies(b, stalled) })
	}
}

func latencies(b *testing.B, stalled int) {
	const sockets, padding = 50, 2000
	resolver, url := streaming(b, true)
	for range stalled {
		conn := subscribed(b, url, "2", "3", "4", "5")
		defer conn.Close()
		_ = conn.NetConn().(*net.TCPConn).SetReadBuffer(aLittle)
	}
	var received sync.WaitGroup
	var published atomic.Int64
	took := make([][]time.Duration, sockets)
	for i := range sockets {
		conn := subscribed(b, url)
		defer conn.Close()
		go count(conn.NetConn(), func() {
			took[i] = append(took[i], time.Duration(time.Now().UnixNano()-published.Load()))
			received.Done()
		})
	}
	publish := func() {
		received.Add(sockets)
		published.Store(time.Now().UnixNano())
		resolver.Feed.Publish("a", 1, padding)
		received.Wait()
	}
	publish()
	next := time.NewTicker(5 * time.Millisecond)
	defer next.Stop()
	for b.Loop() {
		publish()
		<-next.C
	}
	all := slices.Sorted(slices.Values(slices.Concat(took...)))
	b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	b.ReportMetric(float64(memory.HeapAlloc)/(1<<20), "heap-MiB")
}

// subscribed opens a socket with a subscription, and more under the ids given, and waits for the first message.
func subscribed(b *testing.B, url string, more ...string) *websocket.Conn {
	dialer := websocket.Dialer{Subprotocols: []string{transport.Subprotocol}}
	conn, _, err := dialer.Dial("ws"+url[len("http"):], nil)
	if err != nil {
		b.Fatal(err)
	}
	messages := []string{`{"type":"connection_init"}`}
	for _, id := range append(more, "1") {
		messages = append(messages, fmt.Sprintf(`{"id":%q,"type":"subscribe","payload":{"query":%q,"variables":{"after":"0"}}}`, id, ticks))
	}
	for _, message := range messages {
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
func count(conn net.Conn, arrived func()) {
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
		arrived()
	}
}

// processorTime is what this process has used so far.
func processorTime(t testing.TB) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

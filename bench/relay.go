package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/gorilla/websocket"

	"workflowfactory/auth"
	"workflowfactory/db"
	"workflowfactory/event"
	"workflowfactory/graph"
	"workflowfactory/graph/gen"
)

// relay is the least that a broadcast could do: the bytes come ready by HTTP, and are written to everybody as one
// prepared frame. It has no ids, no events, no database and no idea who listens.
var relay = contender{
	name: "relay", about: "gorilla's PreparedMessage to every socket, of the same bytes; no GraphQL, no ids, no database",
	program: self("relay"),
}

// broadcast writes to all sockets from one goroutine each.
type broadcast struct {
	mu      sync.Mutex // protects sockets
	sockets []chan *websocket.PreparedMessage
}

func serveRelay(ctx context.Context) error {
	b := &broadcast{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /graphql", b.join)
	mux.HandleFunc("POST /graphql", b.publish)
	return serve(ctx, mux)
}

func (b *broadcast) join(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{Subprotocols: []string{subprotocol}}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // it has answered
	}
	defer conn.Close()
	for range 2 { // connection_init and subscribe
		if _, _, err := conn.ReadMessage(); err != nil {
			return
		}
	}
	messages := make(chan *websocket.PreparedMessage, 256)
	b.mu.Lock()
	b.sockets = append(b.sockets, messages)
	b.mu.Unlock()
	for m := range messages {
		if conn.WritePreparedMessage(m) != nil {
			return
		}
	}
}

func (b *broadcast) publish(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	times, numberErr := strconv.Atoi(r.Header.Get("Times"))
	if err != nil || numberErr != nil {
		http.Error(w, "send a message and how many times", http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for range times {
		message, err := websocket.NewPreparedMessage(websocket.TextMessage, text)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		for _, s := range b.sockets {
			s <- message
		}
	}
}

// stock is gqlgen's own WebSocket transport over the same resolvers and the same feed.
var stock = contender{
	name: "stock", about: "gqlgen's own transport and executor over the same feed and resolvers; nothing is logged, one key for all",
	program: self("stock"),
}

func serveStock(ctx context.Context) error {
	d, err := db.Open(ctx, os.Getenv(databaseVar), db.Options{ApplicationName: stock.name})
	if err != nil {
		return err
	}
	defer d.Close()
	feed := event.New(d.Events(), event.Options{Logger: log})
	d.OnCommit(feed.Kick)
	go feed.Run(ctx)
	resolver := &graph.Resolver{
		Workflows: db.Workflows{DB: d}, Tasks: db.Tasks{DB: d}, Agents: db.Agents{DB: d}, Suggestions: db.Suggestions{DB: d},
		Comments: db.Comments{DB: d}, Access: db.Access{DB: d}, History: db.History{DB: d}, Events: d.Events(), Feed: feed,
		Fail: func(_ context.Context, err error) { log.Warn("a subscription ended", "error", err) },
	}
	api := handler.New(gen.NewExecutableSchema(gen.Config{Resolvers: resolver, Directives: graph.Directives()}))
	api.SetErrorPresenter(graph.Errors{Log: log}.Present)
	api.AddTransport(&transport.Websocket{})
	api.AddTransport(transport.POST{})
	return serve(ctx, auth.New(db.Access{DB: d}, log).Middleware(api))
}

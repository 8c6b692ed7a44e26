package main

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"

	"workflowfactory/graph"
)

// printWelcome says where everything is and how to begin. It shows the key, so it is for development alone.
func printWelcome(w io.Writer, listener net.Addr, key string, data *store) {
	base := "http://" + reachable(listener)
	where := "the one that DATABASE_URL names"
	if data.private != nil {
		where = "private, in " + data.private.Dir() + "\n              psql '" + data.url + "'"
	}
	fmt.Fprint(w, strings.NewReplacer("$VERSION", graph.Version(), "$BASE", base, "$KEY", key, "$DATABASE", where).Replace(welcome))
}

const welcome = `
Workflow Factory $VERSION

  Dashboard   $BASE/#key=$KEY (this link signs you in)
  GraphiQL    $BASE/graphiql#key=$KEY
  API         $BASE/graphql (WebSocket and server-sent events too)
  Schema      $BASE/schema.graphqls
  Admin key   $KEY
  Database    $DATABASE

A first query:

  curl -s $BASE/graphql -H 'Authorization: Bearer $KEY' -H 'Content-Type: application/json' \
    -d '{"query": "{ workflows(first: 3) { edges { node { id name status progress } } } }"}'

an account for a person, who signs in with the password that it prints:

  wfd user create ada@example.com --role MANAGER

and everything that happens, as it happens:

  curl -sN $BASE/graphql -H 'Authorization: Bearer $KEY' -H 'Content-Type: application/json' \
    -H 'Accept: text/event-stream' -d '{"query": "subscription { events { at type actor { name } } }"}'

`

// reachable is an address that a client on this machine can use.
func reachable(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return a.String()
	}
	host := tcp.IP.String()
	if tcp.IP.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, strconv.Itoa(tcp.Port))
}

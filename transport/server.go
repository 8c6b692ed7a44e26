package transport

import (
	"net/http"

	"github.com/99designs/gqlgen/graphql"
)

// Server answers all requests to one GraphQL endpoint. Its transports share the documents that they know and the
// subscriptions that they execute.
type Server struct {
	HTTP    *HTTP
	Sockets *WebSocket
}

// New returns a server over a schema of gqlgen's. The error says which of the config's bounds is none.
func New(schema graphql.ExecutableSchema, config Config) (*Server, error) {
	exec, err := NewExecutor(schema, config)
	if err != nil {
		return nil, err
	}
	return &Server{HTTP: newHTTP(exec), Sockets: newWebSocket(exec)}, nil
}

// ServeHTTP answers one request, or makes it a socket that goes on by itself.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if isUpgrade(r) {
		s.Sockets.ServeHTTP(w, r)
		return
	}
	s.HTTP.ServeHTTP(w, r)
}

// Package server puts the parts behind one listener: the GraphQL endpoint with its transports, health, the schema and
// the front end, with what every request goes through. It runs the loops that keep the rest going, and shuts all of it
// down in order.
package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"workflowfactory/auth"
	"workflowfactory/db"
	"workflowfactory/event"
	"workflowfactory/exec"
	"workflowfactory/model"
	"workflowfactory/transport"
)

// writeTimeout has to outlast the longest answer: a claim waits up to 30 s for work. Streams set their own.
const writeTimeout = 60 * time.Second

// Connections bound what HTTP itself takes from a client. A field that is zero takes the default named beside it.
type Connections struct {
	HeaderBytes int           // of one request: 32 KiB
	HeaderTime  time.Duration // until the headers of a request are there: 5 s
	BodyTime    time.Duration // until all of it is: 15 s
	IdleTime    time.Duration // that a connection is kept for another request: 60 s
}

// Config is what a server is made of. DB, Feed, Auth, Pages and Log are needed.
type Config struct {
	DB    *db.DB
	Feed  *event.Feed
	Auth  *auth.Authenticator
	Pages http.Handler // the front end; it answers every path that is not the API's
	Log   *slog.Logger

	Origins     []string         // web origins whose pages may use the API, beside the server's own
	Limits      transport.Limits // zero fields take their defaults
	Connections Connections
	Sessions    model.SessionLife // how long people stay signed in; 12 h unused, 7 days in all
	Provider    *auth.Provider    // where people sign in too; nil for none
	Logins      LoginRates        // how often may be tried to sign in
	Executor    []exec.Option     // beside those that the schema needs
	Rates       transport.Rates   // what callers may ask for; Who need not be set
	Trusted     transport.Trusted // the only documents to run; nil for any
	Proxies     []netip.Prefix    // whose word is taken for where requests come from
	Closed      bool              // strangers may not read the schema, nor learn names from errors
	Playground  bool              // the front end has a page at /graphiql

	Checks []Check                       // what readiness asks
	Loops  []func(context.Context) error // run while the server does; an error of one ends the server

	DrainDelay time.Duration // how long to go on serving after readiness is withdrawn
	Patience   time.Duration // how long requests may then take to finish; 20 s
}

// Server is the HTTP server of one process.
type Server struct {
	Config
	api     *api
	health  *health
	handler http.Handler
}

// New puts a server together; it does nothing before Serve.
func New(c Config) *Server {
	if c.Patience == 0 {
		c.Patience = 20 * time.Second
	}
	c.Sessions.Idle = cmp.Or(c.Sessions.Idle, 12*time.Hour)
	c.Sessions.Most = cmp.Or(c.Sessions.Most, 7*24*time.Hour)
	s := &Server{Config: c, api: newAPI(c), health: newHealth(c.Checks, c.Log)}
	s.handler = s.routes()
	return s
}

// browserSignIn says whether browsers can sign in at the provider.
func (c Config) browserSignIn() bool { return c.Provider != nil && c.Provider.Callback != "" }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Serve answers requests and runs the loops until ctx ends or something breaks down. Then it withdraws readiness, lets
// sockets and requests end, and last the loops. It returns when all is over: nil when ctx was why and everything ended
// in time.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	life, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	web := &http.Server{
		Handler: s, ConnContext: transport.PerConnection, WriteTimeout: writeTimeout, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
		ReadHeaderTimeout: cmp.Or(s.Connections.HeaderTime, 5*time.Second),
		ReadTimeout:       cmp.Or(s.Connections.BodyTime, 15*time.Second),
		IdleTimeout:       cmp.Or(s.Connections.IdleTime, time.Minute),
		MaxHeaderBytes:    cmp.Or(s.Connections.HeaderBytes, 32<<10),
	}
	var running sync.WaitGroup
	running.Go(func() {
		if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			end(fmt.Errorf("listen on %s: %w", listener.Addr(), err))
		}
	})
	for _, loop := range append(slices.Clone(s.Loops), s.api.dispatcher.Run) {
		running.Go(func() {
			if err := loop(life); err != nil {
				end(err)
			}
		})
	}
	select {
	case <-ctx.Done():
	case <-life.Done():
	}
	broken := context.Cause(life)
	err := s.drain(life, web)
	end(nil)
	running.Wait()
	return errors.Join(broken, err)
}

// drain tells load balancers first and clients next, then waits for what still runs.
func (s *Server) drain(life context.Context, web *http.Server) error {
	s.Log.Info("shutting down", "delay", s.DrainDelay.String(), "patience", s.Patience.String())
	s.health.draining.Store(true)
	s.api.dispatcher.Close() // who waits for work is told now that there is none
	select {
	case <-time.After(s.DrainDelay):
	case <-life.Done(): // something broke down: there is nothing to wait for
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(life), s.Patience)
	defer cancel()
	var streams sync.WaitGroup // all at once, since they share what they execute
	var socketsErr error
	streams.Go(s.api.HTTP.Shutdown)
	streams.Go(func() { socketsErr = s.api.Sockets.Shutdown(ctx) })
	err := web.Shutdown(ctx)
	streams.Wait()
	if err = errors.Join(err, socketsErr); err != nil {
		return errors.Join(fmt.Errorf("requests still ran after %s: %w", s.Patience, err), web.Close())
	}
	return nil
}

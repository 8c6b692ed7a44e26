package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"syscall"
	"time"

	"workflowfactory/auth"
	"workflowfactory/db"
	"workflowfactory/db/migrations"
	"workflowfactory/event"
	"workflowfactory/graph"
	"workflowfactory/model"
	"workflowfactory/relay"
	"workflowfactory/server"
	"workflowfactory/transport"
	"workflowfactory/web"
)

type serveCommand struct {
	Database
	Web
	People
	Limits      `prefix:"limit-" group:"Limits"`
	Connections `prefix:"limit-" group:"Limits"`

	Seed bool `help:"Load demonstration data first, unless it is there."`
}

// Run serves until it is told to stop.
func (c *serveCommand) Run(ctx context.Context, general *General, log *slog.Logger, out io.Writer) error {
	s := settings{*general, c.Database, c.Web, c.People, c.Limits, c.Connections}
	if err := s.check(); err != nil {
		return err
	}
	listener, err := listen(ctx, s.address())
	if err != nil {
		return err
	}
	defer listener.Close() // an error of no interest once the server has closed it
	return s.withMigrated(ctx, log, func(data *store) error { return c.serve(ctx, s, data, listener, log, out) })
}

// serve is the parts list of the server.
func (c *serveCommand) serve(ctx context.Context, s settings, data *store, listener net.Listener, log *slog.Logger, out io.Writer) error {
	key, err := s.adminKey()
	if err != nil {
		return err
	}
	if err := installAdminKey(ctx, db.Access{DB: data.DB}, key); err != nil {
		return err
	}
	options := event.Options{Logger: log}
	if c.NATSURL != "" {
		nats, err := relay.Connect(string(c.NATSURL), log)
		if err != nil {
			return err
		}
		defer nats.Close()
		options.Relay = nats
	}
	feed := event.New(data.Events(), options)
	data.OnCommit(feed.Kick)
	if c.Seed {
		if err := seed(ctx, data.DB, out); err != nil {
			return err
		}
	}
	trusted, err := s.trusted()
	if err != nil {
		return err
	}
	authenticator := auth.New(db.Access{DB: data.DB}, log)
	instance := server.New(server.Config{
		DB:    data.DB,
		Feed:  feed,
		Auth:  authenticator,
		Pages: web.Handler(web.Options{GraphiQL: s.playground()}),
		Log:   log,

		Limits:      transport.Limits(s.Limits),
		Connections: server.Connections(s.Connections),

		Sessions: model.SessionLife{Idle: s.SessionIdle, Most: s.SessionTTL},
		Logins:   server.LoginRates{Account: s.LoginsPerAccount, Address: s.LoginsPerAddress},
		Provider: s.provider(),

		Origins:    s.origins(),
		Closed:     s.production(),
		Rates:      transport.Rates{Bucket: s.RateBucket, PerSecond: s.RatePerSecond, Anonymous: s.RateAnonymous},
		Proxies:    s.TrustedProxies,
		Trusted:    trusted,
		Playground: s.playground(),

		Checks: []server.Check{{Name: "database", Ask: data.Ping}, {Name: "migrations", Ask: data.isCurrent}, {Name: "stream", Ask: runs(feed)}},
		Loops:  []func(context.Context) error{feed.Run, authenticator.Run, data.watch, sweeps(data.DB, log), c.keep(data.Events(), log), counts(data.DB, log)},

		DrainDelay: s.drainDelay(),
		Patience:   s.ShutdownTimeout,
	})
	log.Info("listening", "address", listener.Addr().String(), "version", graph.Version())
	if !s.production() {
		printWelcome(out, listener.Addr(), key, data)
	}
	return instance.Serve(ctx, listener)
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("another program listens on %s: stop it, or choose another port with PORT", address)
	}
	return listener, err
}

// isCurrent wants the schema to be one that this program can work with.
func (s *store) isCurrent(ctx context.Context) error {
	current, err := migrations.Current(ctx, s.Bun())
	if err == nil && !current {
		err = errors.New("migrations are missing: run wfd migrate up")
	}
	return err
}

// runs wants the feed to have found the end of the log.
func runs(feed *event.Feed) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := feed.Head(ctx)
		return err
	}
}

const (
	sweepEvery  = time.Second
	forgetEvery = time.Minute
)

// sweeps carries out what time alone causes.
func sweeps(d *db.DB, log *slog.Logger) func(context.Context) error {
	return func(ctx context.Context) error {
		sweep, forget := time.NewTicker(sweepEvery), time.NewTicker(forgetEvery)
		defer sweep.Stop()
		defer forget.Stop()
		for {
			var err error
			select {
			case <-ctx.Done():
				return nil
			case <-sweep.C:
				err = d.Sweep(ctx)
			case <-forget.C:
				err = errors.Join(d.ForgetKeys(ctx), d.ForgetSignIns(ctx), d.ForgetSessions(ctx))
			}
			if err != nil && ctx.Err() == nil {
				log.Error("sweep", "error", err)
			}
		}
	}
}

// keep makes room for events to come and drops those that are old enough.
func (c *serveCommand) keep(events *db.Events, log *slog.Logger) func(context.Context) error {
	return func(ctx context.Context) error { return events.RunKeep(ctx, c.EventRetention, log) }
}

// counts keeps the figures up to date.
func counts(d *db.DB, log *slog.Logger) func(context.Context) error {
	return func(ctx context.Context) error { return db.Stats{DB: d}.Run(ctx, log) }
}

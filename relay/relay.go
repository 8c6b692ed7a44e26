// Package relay carries the event log between processes by NATS JetStream, so that any number of them can follow it while
// only the leader reads it from the database. Without NATS, or while it is away, they read from the database as ever.
package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"workflowfactory/event"
)

const (
	keep        = 10 * time.Minute // what is older is read from the database
	keepBytes   = 256 << 20
	twiceWithin = 2 * time.Minute // how long the same batch is not taken a second time
	answerIn    = 2 * time.Second // the patience with the server

	// origin is the header that names the process which published.
	origin = "Wfd-Origin"
)

// NATS is a connection to a server of NATS that has JetStream. It satisfies event.Relay.
type NATS struct {
	conn   *nats.Conn
	stream jetstream.JetStream
	self   string
}

var _ event.Relay = (*NATS)(nil)

// Connect returns at once and connects in the background, for ever: what cannot be relayed is read from the database. It
// fails for a URL that is none. Several URLs of one cluster are separated by commas.
func Connect(urls string, log *slog.Logger) (*NATS, error) {
	conn, err := nats.Connect(urls, nats.Name("wfd"), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1),
		nats.ReconnectWait(500*time.Millisecond), nats.ReconnectBufSize(-1), nats.Timeout(answerIn),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { log.Warn("lost NATS; events come from the database", "error", err) }),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("reached NATS again") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { log.Debug("NATS", "error", err) }))
	if err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	stream, err := jetstream.New(conn, jetstream.WithPublishAsyncMaxPending(256), jetstream.WithPublishAsyncTimeout(answerIn))
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	return &NATS{conn: conn, stream: stream, self: nats.NewInbox()}, nil
}

// Close ends the connection.
func (n *NATS) Close() { n.conn.Close() }

// names gives the stream and the subject of a life of the log. Each has its own, so that no two installations on one
// server can take each other's events.
func names(life string) (stream, subject string) { return "wfd_" + life, "wfd.events." + life }

// Publish hands on a batch, in several messages if it is large. It does not wait for the server to have stored them.
func (n *NATS) Publish(ctx context.Context, life string, b event.Batch) error {
	if !n.conn.IsConnected() {
		return nats.ErrDisconnected
	}
	_, subject := names(life)
	for _, part := range split(b, int(n.conn.MaxPayload())) {
		message := nats.NewMsg(subject)
		message.Data = part.text
		message.Header.Set(origin, n.self)
		if _, err := n.stream.PublishMsgAsync(message, jetstream.WithMsgID(part.id)); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Follow gives the batches that other processes publish, from now on. It makes the stream if there is none yet.
func (n *NATS) Follow(ctx context.Context, life string, connected func(), take func(event.Batch)) error {
	ctx, lost := context.WithCancelCause(ctx)
	defer lost(nil)
	away := n.conn.StatusChanged(nats.DISCONNECTED, nats.RECONNECTING, nats.CLOSED)
	defer n.conn.RemoveStatusListener(away)
	if !n.conn.IsConnected() {
		return n.unreachable()
	}
	consumer, err := n.consumer(ctx, life)
	if err != nil {
		return err
	}
	consuming, err := consumer.Consume(func(m jetstream.Msg) {
		if m.Headers().Get(origin) == n.self {
			return
		}
		if b, err := decode(m.Data()); err == nil { // what is not understood is missed, and so read from the database
			take(b)
		}
	}, jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
		if isFatal(err) {
			lost(err)
		}
	}))
	if err != nil {
		return err
	}
	defer consuming.Stop()
	connected()
	select {
	case <-away:
		return n.unreachable()
	case <-consuming.Closed():
		return errors.New("the server ended the subscription")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (n *NATS) unreachable() error {
	return errors.Join(nats.ErrDisconnected, n.conn.LastError())
}

// isFatal says whether a consumer cannot go on by itself.
func isFatal(err error) bool {
	return errors.Is(err, jetstream.ErrConsumerDeleted) || errors.Is(err, jetstream.ErrConsumerNotFound) ||
		errors.Is(err, jetstream.ErrOrderedConsumerReset) || errors.Is(err, jetstream.ErrStreamNotFound)
}

// consumer begins where the stream ends now.
func (n *NATS) consumer(ctx context.Context, life string) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	name, subject := names(life)
	stream, err := n.stream.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: name, Subjects: []string{subject}, Description: "Events of Workflow Factory, on their way between its processes",
		MaxAge: keep, MaxBytes: keepBytes, Duplicates: twiceWithin, Storage: jetstream.FileStorage, Discard: jetstream.DiscardOld,
	})
	if err != nil {
		return nil, fmt.Errorf("make the stream %s: %w", name, err)
	}
	return stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverNewPolicy})
}

// Secure says whether what the URL names can be trusted with events: it is on this machine, or reached by TLS.
func Secure(urls string) bool {
	for text := range strings.SplitSeq(urls, ",") {
		u, err := url.Parse(strings.TrimSpace(text))
		if err != nil {
			return false
		}
		ip := net.ParseIP(u.Hostname())
		local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
		if !local && u.Scheme != "tls" && u.Scheme != "wss" {
			return false
		}
	}
	return true
}

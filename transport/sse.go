package transport

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// stream answers with server-sent events, in the distinct connections mode of the GraphQL over SSE protocol: one
// operation per request, `next` for each response and `complete` at the end.
func (x *exchange) stream(ctx context.Context, op *graphql.OperationContext) {
	caller := x.config.Caller(ctx)
	if err := x.streams.enter(caller); err != nil {
		x.w.Header().Set("Retry-After", "5")
		x.refuse(statusOf(err), refusal(CodeRateLimited, "%s", err))
		return
	}
	defer x.streams.inside.Done()
	defer x.streams.leave(caller)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(x.down, cancel)()
	o := &operation{
		config: &x.config, exec: x.exec, out: newOutbox(&x.config.Limits), dialect: eventDialect{},
		resume: x.r.Header.Get("Last-Event-ID"), ended: func() {},
	}
	x.beginEvents()
	over := make(chan struct{})
	go func() {
		defer close(over)
		ctx, cancel := context.WithCancel(ctx)
		defer cancel() // its resolvers need not wait until everything is written
		o.guarded(ctx, func(ctx context.Context) { o.execute(ctx, op) })
	}()
	x.writeEvents(ctx, o.out, over)
	cancel()
	o.out.close()
	<-over
}

// streamOne answers a client that accepts event streams for an operation that could not be executed.
func (x *exchange) streamOne(response *graphql.Response) {
	x.beginEvents()
	_ = x.writeEvent(eventDialect{}.fail(response))
}

func (x *exchange) beginEvents() {
	header := x.w.Header()
	header.Set("Content-Type", typeEvents+"; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // or nginx keeps events until its buffer is full
	_ = http.NewResponseController(x.w).SetReadDeadline(time.Time{})
	x.w.WriteHeader(http.StatusOK)
	_ = x.writeEvent([]byte(":\n\n"))
}

// writeEvents writes what is queued until the operation is over and everything written, or the client gone.
func (x *exchange) writeEvents(ctx context.Context, out *outbox, over <-chan struct{}) {
	keepAlive := time.NewTicker(x.config.Limits.KeepAlive)
	defer keepAlive.Stop()
	for {
		ended := false
		select {
		case <-out.wake:
		case <-over:
			ended = true
		case <-keepAlive.C:
			out.put(frame{bytes: []byte(":\n\n")})
		case <-ctx.Done():
			return
		}
		if err := x.writeQueued(out); err != nil || ended {
			return
		}
	}
}

func (x *exchange) writeQueued(out *outbox) error {
	w := chunkWriter{write: x.writeEvent}
	for _, f := range out.take(nil) {
		w.add(f.bytes)
	}
	w.flush()
	return w.err
}

func (x *exchange) writeEvent(b []byte) error {
	controller := http.NewResponseController(x.w)
	_ = controller.SetWriteDeadline(time.Now().Add(x.config.Limits.Write))
	if _, err := x.w.Write(b); err != nil {
		return err
	}
	return controller.Flush()
}

// eventDialect spells answers as server-sent events. The protocol has no event for errors: they come as a last `next`
// without data.
type eventDialect struct{}

func (eventDialect) next(response *graphql.Response, cursor string) []byte {
	event := []byte("event: next\n")
	if cursor != "" && !strings.ContainsAny(cursor, "\r\n\x00") {
		event = append(append(append(event, "id: "...), cursor...), '\n')
	}
	start := len(event)
	event = appendResponse(append(event, "data: "...), response)
	unbreak(event[start:])
	return append(event, "\n\n"...)
}

// unbreak makes one line of JSON: outside of strings a line break means nothing, and inside it is written otherwise.
func unbreak(json []byte) {
	for i, c := range json {
		if c == '\n' || c == '\r' {
			json[i] = ' '
		}
	}
}

func (d eventDialect) fail(response *graphql.Response) []byte {
	return append(d.next(response, ""), d.complete()...)
}

func (eventDialect) complete() []byte { return []byte("event: complete\ndata: \n\n") }

package transport

import (
	"context"
	"fmt"
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
	running, stop := context.WithCancel(ctx) // its resolvers need not wait until everything is written
	over := make(chan struct{})
	roused := make(chan struct{}, 1)
	rouse := func() {
		select {
		case roused <- struct{}{}:
		default: // it will look
		}
	}
	o := &operation{
		config: x.config, exec: x.exec, out: newOutbox(&x.config.Limits, rouse), dialect: eventDialect{},
		resume: x.r.Header.Get("Last-Event-ID"), ended: func() {}, closed: func() { stop(); close(over) },
	}
	x.beginEvents()
	go o.guarded(running, func(ctx context.Context) { o.execute(ctx, op) })
	x.writeEvents(ctx, o.out, roused, over)
	if x.down.Err() != nil {
		_ = x.writeEvent(fmt.Appendf(nil, "retry: %d\n\n", returnIn()))
	}
	cancel()
	o.out.close()
	<-over
	x.endEvents()
}

// streamOne answers a client that accepts event streams for an operation that could not be executed.
func (x *exchange) streamOne(response *graphql.Response) {
	x.beginEvents()
	_ = x.writeEvent(eventDialect{}.fail(response))
	x.endEvents()
}

// endEvents takes the deadline back: the connection may serve another request.
func (x *exchange) endEvents() { _ = http.NewResponseController(x.w).SetWriteDeadline(time.Time{}) }

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
func (x *exchange) writeEvents(ctx context.Context, out *outbox, roused, over <-chan struct{}) {
	keepAlive := time.NewTicker(x.config.Limits.KeepAlive)
	defer keepAlive.Stop()
	for ended := false; ; {
		if err := x.writeQueued(out); err != nil || ended {
			return
		}
		select {
		case <-roused:
		case <-over:
			ended = true
		case <-keepAlive.C:
			out.put(frame{bytes: []byte(":\n\n")})
		case <-ctx.Done():
			return
		}
	}
}

// writeQueued writes until nothing is queued.
func (x *exchange) writeQueued(out *outbox) (err error) {
	p := pens.Get().(*pen)
	defer pens.Put(p)
	for err == nil && !out.sleep() {
		p.frames, _ = out.take(p.frames)
		p.text = appendFrames(p.text, p.frames)
		err = x.writeEvent(p.text)
		p.clean()
	}
	return err
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

func (eventDialect) next(to []byte, payload []byte, cursor string) []byte {
	to = append(to, "event: next\n"...)
	if cursor != "" && !strings.ContainsAny(cursor, "\r\n\x00") {
		to = append(append(append(to, "id: "...), cursor...), '\n')
	}
	to = append(append(to, "data: "...), payload...)
	return append(to, "\n\n"...)
}

func (d eventDialect) fail(response *graphql.Response) []byte {
	last := append([]byte("event: next\ndata: "), payloadOf(response)...)
	return append(append(last, "\n\n"...), d.complete()...)
}

func (eventDialect) complete() []byte { return []byte("event: complete\ndata: \n\n") }

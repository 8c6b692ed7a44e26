package transport

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// dialect is how a protocol says what happens to one operation.
type dialect interface {
	next(to []byte, payload []byte, cursor string) []byte // appends one answer
	fail(response *graphql.Response) []byte               // the last word on an operation that ended badly
	complete() []byte                                     // the last word on any other
}

// operation is one that a client started on a connection which can carry many answers.
//
// It lives from its request until its last word is queued. Whoever ends it first wins: the executor with the last
// answer, the client by leaving or by `complete`, the connection by closing.
type operation struct {
	config  *Config
	exec    *Executor
	out     *outbox
	dialect dialect
	resume  string                   // the cursor to go on after, "" for what the request itself says
	parsing chan struct{}            // a token per operation that may be parsed at a time
	started func(ast.Operation) bool // called once the kind is known; false ends it without a word
	ended   func()                   // called once, just before the last word is queued
	left    func()                   // called once after that; nil for one that shares nothing
	closed  func()                   // called once at the very end

	silent atomic.Bool // nobody wants to hear of it any more: queued frames of it are dropped
	over   atomic.Bool // somebody has the last word
	cursor string      // of the last event queued
}

// run drives the operation from its request to its end; it blocks until then.
func (o *operation) run(ctx context.Context, params *graphql.RawParams) {
	o.guarded(ctx, func(ctx context.Context) {
		ctx, op, errs := o.create(ctx, params)
		if len(errs) > 0 {
			o.finish(o.exec.Refuse(ctx, errs))
			return
		}
		if !o.started(op.Operation.Operation) {
			o.lastWord(nil)
			return
		}
		o.execute(ctx, op)
	})
}

// guarded lets a panic cost the operation, not the process: it runs on a goroutine of ours.
func (o *operation) guarded(ctx context.Context, do func(context.Context)) {
	defer func() {
		if thrown := recover(); thrown != nil {
			o.config.Log.ErrorContext(ctx, "panic in an operation", "panic", thrown, "stack", string(debug.Stack()))
			o.end(ctx, refusal(CodeInternal, "internal error"))
		}
	}()
	do(ctx)
}

// create parses and validates on a bounded number of goroutines: it is work that a client can cause without owning
// anything yet.
func (o *operation) create(ctx context.Context, params *graphql.RawParams) (context.Context, *graphql.OperationContext, gqlerror.List) {
	o.parsing <- struct{}{} // others hold it for milliseconds, since documents are bounded
	defer func() { <-o.parsing }()
	return o.exec.Create(ctx, params)
}

func (o *operation) execute(ctx context.Context, op *graphql.OperationContext) {
	if op.Operation.Operation == ast.Subscription {
		o.subscribe(ctx, op)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, o.config.limitOf(op))
	defer cancel()
	response, ctx := o.exec.Answer(ctx)
	if err := context.Cause(ctx); response == nil || errors.Is(err, context.Canceled) {
		o.end(ctx, fmt.Errorf("run the operation: %w", err)) // what a cancelled resolver answers is no answer
		return
	}
	if o.answer(ctx, response) {
		o.lastWord(o.dialect.complete())
	}
}

// subscribe blocks as long as the subscription is executed for this operation alone.
func (o *operation) subscribe(ctx context.Context, op *graphql.OperationContext) {
	o.cursor = o.resume
	if as, ok := o.config.Sharing.scope(ctx, op); ok {
		o.share(ctx, op, as)
		return
	}
	if o.resume != "" {
		op.Operation = resumeAfter(op.Operation, o.resume)
	}
	o.stream(ctx)
}

func (o *operation) stream(ctx context.Context) {
	ctx, failure := withFailure(ctx)
	responses, ctx := o.exec.Subscribe(ctx)
	for {
		response := responses(ctx)
		if response == nil {
			break
		}
		if !o.answer(ctx, response) {
			return
		}
	}
	o.end(ctx, failure.get())
}

// answer queues one response, waiting for room. False means that it was the operation's last word, or that nobody
// listens.
func (o *operation) answer(ctx context.Context, response *graphql.Response) bool {
	defer o.config.Release(response.Data)
	if failed(response) {
		o.finish(response)
		return false
	}
	return o.send(ctx, frame{bytes: payloadOf(response), cursor: o.config.Cursor(response)})
}

// send queues a `next` of the operation, waiting for room.
func (o *operation) send(ctx context.Context, next frame) bool {
	next.owner, next.next = o, true
	err := o.out.await(ctx, next, o.config.Limits.Slow)
	if errors.Is(err, errSlow) {
		o.config.Log.WarnContext(ctx, "slow consumer", "resumeAfter", o.cursor)
		o.end(ctx, refusal(CodeSlowConsumer, "the client takes events too slowly: subscribe again after the last one it got"))
		return false
	}
	if err != nil {
		o.end(ctx, err)
		return false
	}
	if next.cursor != "" {
		o.cursor = next.cursor
	}
	return true
}

// end queues the last word: `complete`, or the error.
func (o *operation) end(ctx context.Context, err error) {
	switch {
	case err == nil && ctx.Err() != nil, errors.Is(err, context.Canceled):
		o.lastWord(nil) // the client left, or is about to hear why it has to
	case err == nil:
		o.lastWord(o.dialect.complete())
	default:
		o.finish(present(ctx, o.exec, err))
	}
}

// finish ends the operation with a response that has no data, which others may share.
func (o *operation) finish(response *graphql.Response) {
	own := &graphql.Response{Errors: slices.Clone(response.Errors)}
	for i, err := range own.Errors {
		if err.Extensions["code"] == CodeSlowConsumer && err.Extensions["resumeAfter"] == nil && o.cursor != "" {
			own.Errors[i] = new(*err)
			own.Errors[i].Extensions = maps.Clone(err.Extensions)
			own.Errors[i].Extensions["resumeAfter"] = o.cursor
		}
	}
	o.lastWord(o.dialect.fail(own))
}

// lastWord frees the operation's id before the client can know that it is over, so that it may be used again at once.
func (o *operation) lastWord(word []byte) {
	if o.over.Swap(true) {
		return
	}
	o.ended()
	if word != nil {
		o.out.put(frame{owner: o, bytes: word})
	}
	if o.left != nil {
		o.left()
	}
	o.closed()
}

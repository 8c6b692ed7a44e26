package transport

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// dialect is how a protocol says what happens to one operation.
type dialect interface {
	next(response *graphql.Response, cursor string) []byte
	fail(response *graphql.Response) []byte // the last word on an operation that ended badly
	complete() []byte                       // the last word on any other
}

// operation is one that a client started on a connection which can carry many answers.
//
// It lives from its request until its last word is queued. Whoever ends it first wins: the executor with the last
// answer, the client by leaving or by `complete`, the connection by closing.
type operation struct {
	config  *Config
	exec    graphql.GraphExecutor
	out     *outbox
	dialect dialect
	resume  string                   // the cursor to go on after, "" for what the request itself says
	parsing chan struct{}            // a token per operation that may be parsed at a time
	started func(ast.Operation) bool // called once the kind is known; false ends it without a word
	ended   func()                   // called once, just before the last word is queued

	silent atomic.Bool // nobody wants to hear of it any more: queued frames of it are dropped
	over   bool        // the last word is queued
	cursor string      // of the last event queued

	mu      sync.Mutex // protects failure
	failure error
}

type operationKey struct{}

// Fail says how the stream that a subscription resolver returned ends: with this error instead of `complete`. The
// context is the resolver's; call it before closing the channel. An error whose code is SLOW_CONSUMER is given the
// cursor to resume after. Outside a stream it does nothing.
func Fail(ctx context.Context, err error) {
	if o, ok := ctx.Value(operationKey{}).(*operation); ok {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.failure = err
	}
}

// run drives the operation from its request to its end; it blocks until then.
func (o *operation) run(ctx context.Context, params *graphql.RawParams) {
	o.guarded(graphql.StartOperationTrace(ctx), func(ctx context.Context) {
		op, errs := o.create(ctx, params)
		ctx = graphql.WithOperationContext(ctx, op)
		if len(errs) > 0 {
			o.finish(o.exec.DispatchError(ctx, refusals(op, errs)))
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
	ctx = context.WithValue(ctx, operationKey{}, o)
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
func (o *operation) create(ctx context.Context, params *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	o.parsing <- struct{}{} // others hold it for milliseconds, since documents are bounded
	defer func() { <-o.parsing }()
	return o.exec.CreateOperationContext(ctx, params)
}

func (o *operation) execute(ctx context.Context, op *graphql.OperationContext) {
	if op.Operation.Operation == ast.Subscription {
		resumeAfter(op, o.resume)
		o.cursor = o.resume
		o.stream(o.exec.DispatchOperation(ctx, op))
		return
	}
	ctx, cancel := o.config.withTimeout(ctx, op)
	defer cancel()
	responses, ctx := o.exec.DispatchOperation(ctx, op)
	response := responses(ctx)
	if err := context.Cause(ctx); response == nil || errors.Is(err, context.Canceled) {
		o.end(ctx, fmt.Errorf("run the operation: %w", err)) // what a cancelled resolver answers is no answer
		return
	}
	if o.send(ctx, response) {
		o.lastWord(o.dialect.complete())
	}
}

func (o *operation) stream(responses graphql.ResponseHandler, ctx context.Context) {
	for {
		response := responses(ctx)
		if response == nil {
			break
		}
		if !o.send(ctx, response) {
			return
		}
	}
	o.mu.Lock()
	failure := o.failure
	o.mu.Unlock()
	o.end(ctx, failure)
}

// send queues one response, waiting for room. False means that it was the operation's last word, or that nobody listens.
func (o *operation) send(ctx context.Context, response *graphql.Response) bool {
	defer o.config.Release(response.Data)
	if failed(response) {
		o.finish(response)
		return false
	}
	cursor := o.config.Cursor(response)
	err := o.out.await(ctx, frame{owner: o, bytes: o.dialect.next(response, cursor)}, o.config.Limits.Slow)
	if errors.Is(err, errSlow) {
		o.config.Log.WarnContext(ctx, "slow consumer", "resumeAfter", o.cursor)
		o.end(ctx, refusal(CodeSlowConsumer, "the client takes events too slowly: subscribe again after the last one it got"))
		return false
	}
	if err != nil {
		o.end(ctx, err)
		return false
	}
	if cursor != "" {
		o.cursor = cursor
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
		o.finish(o.exec.DispatchError(ctx, gqlerror.List{asGraphQL(err)}))
	}
}

// finish ends the operation with a response that has no data.
func (o *operation) finish(response *graphql.Response) {
	for _, err := range response.Errors {
		if err.Extensions["code"] == CodeSlowConsumer && err.Extensions["resumeAfter"] == nil && o.cursor != "" {
			err.Extensions["resumeAfter"] = o.cursor
		}
	}
	o.lastWord(o.dialect.fail(response))
}

// lastWord frees the operation's id before the client can know that it is over, so that it may be used again at once.
func (o *operation) lastWord(word []byte) {
	if o.over {
		return
	}
	o.over = true
	o.ended()
	if word != nil {
		o.out.put(frame{owner: o, bytes: word})
	}
}

package transport

import (
	"context"
	"sync"
)

// failure is how a stream ends, if it ends badly.
type failure struct {
	mu  sync.Mutex // protects err
	err error
}

type failureKey struct{}

// Fail says how the stream that a subscription resolver returned ends: with this error instead of `complete`. The
// context is the resolver's; call it before closing the channel. An error whose code is SLOW_CONSUMER is given the
// cursor to resume after. Outside a stream it does nothing.
func Fail(ctx context.Context, err error) {
	if f, ok := ctx.Value(failureKey{}).(*failure); ok {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.err = err
	}
}

func withFailure(ctx context.Context) (context.Context, *failure) {
	f := &failure{}
	return context.WithValue(ctx, failureKey{}, f), f
}

func (f *failure) get() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

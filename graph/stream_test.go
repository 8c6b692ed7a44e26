package graph

import (
	"context"
	"log/slog"
	"strings"
	"testing"
)

func TestPanicBesideAResolverEndsItsStreamAlone(t *testing.T) {
	t.Parallel()
	failed := make(chan error, 1) // has a place, so that it is filled before the channel of events is closed
	r := &Resolver{Fail: func(_ context.Context, why error) { failed <- why }}
	out := make(chan int)
	feed(t.Context(), r, out, func() {
		out <- 1
		panic("on a goroutine of ours")
	})
	if got := <-out; got != 1 {
		t.Errorf("received %d", got)
	}
	if _, more := <-out; more {
		t.Error("the stream goes on")
	}
	select {
	case why := <-failed:
		var log strings.Builder
		shown := Errors{Log: slog.New(slog.NewTextHandler(&log, nil))}.Present(t.Context(), why)
		if shown.Extensions["code"] != "INTERNAL" || strings.Contains(shown.Message, "goroutine") || !strings.Contains(log.String(), "on a goroutine of ours") {
			t.Errorf("shown %v, logged %s", shown, &log)
		}
	default:
		t.Error("the stream did not fail")
	}
}

package graph

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"workflowfactory/model"
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

func TestPanicInTheWatchForWorkEndsTheCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.Dispatcher = nil // on which watching panics
	failed := make(chan error, 1)
	w.Fail = func(_ context.Context, why error) { failed <- why }
	agent := must(w.Agents.Register(t.Context(), model.RegisterAgentInput{Name: "Watched", Capabilities: []string{"write"}}))(w).Agent
	commands, err := (subscriptionResolver{w.Resolver}).AgentCommands(t.Context(), agent.ID)
	if err != nil {
		t.Fatal(err)
	}
	if command, more := <-commands; more {
		t.Errorf("received %v", command)
	}
	if why := <-failed; !strings.HasPrefix(why.Error(), "panic: ") {
		t.Errorf("the stream ended with %v", why)
	}
}

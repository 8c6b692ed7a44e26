// Package agent makes a program an agent of Workflow Factory: it claims tasks, does them with a [Handler], and keeps the
// promises of the protocol, so that the handler is all there is to write.
//
// A task may be done more than once (its holder can die after the work and before the answer), but never by two at the
// same time as far as the server can tell, and only one completion is ever accepted. [Task.Attempt] is the number by
// which other systems refuse an older holder.
package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options say who the agent is and how it works.
type Options struct {
	URL string // of the server, such as http://127.0.0.1:8000
	Key string // of role AGENT; its own with the first registration

	Name         string // unique; the same name is the same agent
	Description  string
	Capabilities []string
	Labels       []string

	Concurrency int           // tasks at the same time, 1 to 1000; 1 when zero
	Heartbeat   time.Duration // how often to say that it is alive, whole seconds; 10 s when zero
	Lease       time.Duration // how long a task stays its own without a heartbeat, whole seconds; 3 heartbeats when zero
	Wait        time.Duration // how long a claim waits for work, whole seconds up to 30 s; 30 s when zero
	Grace       time.Duration // how long tasks may take to finish once Run is to end; none when zero

	Client *http.Client // http.DefaultClient when nil; without a timeout of its own, since claims wait
	Log    *slog.Logger // of the agent itself; nothing is logged when nil
}

// Handler does a task. What it returns becomes the task's result, as JSON. An error fails the attempt: a [*Failure] says
// how, [ErrSuspended] and [ErrReleased] do not count as one. A panic fails the attempt too. The context ends when the
// task is not the agent's any more; [context.Cause] is then one of [ErrCancelled], [ErrLeaseLost] and [ErrDraining].
type Handler func(ctx context.Context, task *Task) (result any, err error)

// Run is the agent: it registers, claims tasks and has handle do them, several at the same time, until ctx ends. Then it
// takes no more work, lets what it holds finish for as long as Options.Grace, ends the contexts of the rest with
// [ErrDraining], and gives back what they leave undone. It blocks until every handler has returned, and answers nil
// when ctx ended it.
//
// While the server is away it waits and tries again, for ever. It answers a [*Refused] when the server will not have
// it: its key is not good, or the agent was removed. Starting undoes an earlier draining of the agent.
func Run(ctx context.Context, options Options, handle Handler) error {
	if err := options.complete(); err != nil {
		return err
	}
	return newWorker(options, handle).run(ctx)
}

// complete sets what was left out, and says what does not fit.
func (o *Options) complete() error {
	o.Concurrency = cmp.Or(o.Concurrency, 1)
	o.Heartbeat = cmp.Or(o.Heartbeat, 10*time.Second)
	o.Lease = cmp.Or(o.Lease, min(3*o.Heartbeat, time.Hour))
	o.Wait = cmp.Or(o.Wait, 30*time.Second)
	o.Client = cmp.Or(o.Client, http.DefaultClient)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	server, err := url.Parse(o.URL)
	switch {
	case err != nil || server.Host == "" || !strings.HasPrefix(server.Scheme, "http"):
		return fmt.Errorf("agent: %q is not the http or https URL of a server", o.URL)
	case o.Name == "":
		return errors.New("agent: it needs a name")
	case o.Concurrency < 1 || o.Concurrency > 1000:
		return fmt.Errorf("agent: a concurrency of %d is not from 1 to 1000", o.Concurrency)
	case o.Heartbeat >= o.Lease:
		return fmt.Errorf("agent: a lease of %v ends before the next heartbeat, %v later", o.Lease, o.Heartbeat)
	case o.Wait > 30*time.Second:
		return fmt.Errorf("agent: a claim waits at most 30s, not %v", o.Wait)
	}
	return nil
}

// seconds rounds up, since the API counts in whole ones.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

package agent

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// worker is a running agent.
type worker struct {
	*Client
	Options
	handle Handler
	id     string

	slots    chan struct{} // holds one for every task that may be claimed or done
	early    chan struct{} // holds one when the next heartbeat shall not wait for its time
	handlers sync.WaitGroup

	mu         sync.Mutex       // protects held
	held       map[string]*Task // by lease token
	unanswered vars             // the claim of which it is not known whether it was carried out; only between two claims
}

func newWorker(o Options, handle Handler) *worker {
	w := &worker{
		Client: NewClient(o), Options: o, handle: handle, held: map[string]*Task{},
		slots: make(chan struct{}, o.Concurrency), early: make(chan struct{}, 1),
	}
	for range o.Concurrency {
		w.slots <- struct{}{}
	}
	return w
}

// run works until ctx ends or the server refuses the agent. What has to go on while it drains runs in a life that is
// longer than ctx.
func (w *worker) run(ctx context.Context) error {
	taking, refuse := context.WithCancelCause(ctx)
	defer refuse(nil)
	life, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	if err := w.register(taking); err != nil {
		return w.verdict(err)
	}
	var background sync.WaitGroup
	background.Go(func() { refuse(w.beats(life)) })
	background.Go(func() { w.writeLogs(life) })
	err := w.claims(taking, life)
	w.drain(life, end)
	end(nil)
	background.Wait()
	return w.verdict(err)
}

// verdict keeps refusals: that ctx ended is what Run was asked for.
func (w *worker) verdict(err error) error {
	if refused := asRefused(err); refused != nil {
		return refused
	}
	return nil
}

func (w *worker) register(ctx context.Context) error {
	var registered struct {
		RegisterAgent struct{ Agent struct{ ID string } }
	}
	input := vars{
		"name": w.Name, "capabilities": slices.Concat([]string{}, w.Capabilities), "labels": slices.Concat([]string{}, w.Labels),
		"maxConcurrency": w.Concurrency, "heartbeatIntervalSeconds": seconds(w.Heartbeat),
	}
	if w.Description != "" {
		input["description"] = w.Description
	}
	if err := w.call(ctx, registerAgent, input, &registered); err != nil {
		return err
	}
	w.id = registered.RegisterAgent.Agent.ID
	_, err := w.beat(ctx, vars{"draining": false})
	return err
}

const registerAgent = `mutation ($input: RegisterAgentInput!) { registerAgent(input: $input) { agent { id } } }`

// lastWords is how long the server has to hear what became of the tasks once the grace is over.
const lastWords = 10 * time.Second

// drain lets what is held finish for as long as the grace lasts.
func (w *worker) drain(life context.Context, end context.CancelCauseFunc) {
	overdue := time.AfterFunc(w.Grace, func() { w.cancelAll(ErrDraining) })
	defer overdue.Stop()
	silence := time.AfterFunc(w.Grace+lastWords, func() { end(errors.New("the server did not answer in time")) })
	defer silence.Stop()
	if _, err := w.beat(life, vars{"draining": true}); err != nil {
		w.Log.Warn("tell the server of draining", "error", err)
	} else {
		w.giveBackUnanswered(life)
	}
	w.handlers.Wait()
}

func (w *worker) cancelAll(why error) {
	for _, t := range w.holding() {
		t.cancel(why)
	}
}

// holding gives the tasks of which the server has not heard the end.
func (w *worker) holding() []*Task {
	w.mu.Lock()
	defer w.mu.Unlock()
	tasks := make([]*Task, 0, len(w.held))
	for _, t := range w.held {
		tasks = append(tasks, t)
	}
	return tasks
}

func (w *worker) hold(t *Task) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held[t.token] = t
}

func (w *worker) letGo(t *Task) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.held, t.token)
}

// Package dispatch lets agents wait for work instead of asking for it again and again. It follows the stream of what
// becomes READY and tells one waiting agent of each task, the one that has waited longest of those that can do it.
package dispatch

import (
	"container/list"
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"workflowfactory/event"
	"workflowfactory/model"
)

// Tasks is what the dispatcher asks the database.
type Tasks interface {
	// Claim gives an agent tasks to do now, an empty list when there is nothing for it.
	Claim(context.Context, model.ClaimTasksInput) ([]*model.TaskLease, error)
	// Worker gives the agent that waits. It answers NOT_FOUND, or FORBIDDEN when the caller may not act as it.
	Worker(context.Context, model.ID) (*model.Agent, error)
	// Offer gives versions of READY tasks that the agent could claim now, by their ids; none if there is nothing for it.
	Offer(context.Context, model.ID) (map[model.ID]int64, error)
	// StillReady says whether a task is READY.
	StillReady(context.Context, model.ID) (bool, error)
}

// Dispatcher knows who waits in this process.
type Dispatcher struct {
	feed  *event.Feed
	tasks Tasks
	log   *slog.Logger

	mu      sync.Mutex // protects waiting and closed
	waiting *list.List // of *waiter, in the order in which they came
	closed  bool

	claims, leased atomic.Int64
}

// Stats tells how a dispatcher does.
type Stats struct {
	Waiting int   // claims that wait for work
	Claims  int64 // claims that were answered, ever
	Tasks   int64 // tasks that they gave, ever
}

// Stats gives the present figures.
func (d *Dispatcher) Stats() Stats {
	d.mu.Lock()
	defer d.mu.Unlock()
	return Stats{Waiting: d.waiting.Len(), Claims: d.claims.Load(), Tasks: d.leased.Load()}
}

// New makes a dispatcher; it tells nobody anything before Run.
func New(feed *event.Feed, tasks Tasks, log *slog.Logger) *Dispatcher {
	return &Dispatcher{feed: feed, tasks: tasks, log: log, waiting: list.New()}
}

// waiter is an agent that waits for one task.
type waiter struct {
	agent        model.ID
	capabilities []string
	workflow     *model.ID
	wake         chan *model.Task // holds one: the task that it was told of, nil to look for itself
}

// Run follows the stream until ctx ends. Then nobody waits any longer.
func (d *Dispatcher) Run(ctx context.Context) error {
	defer d.Close()
	for ctx.Err() == nil {
		for entry, err := range d.feed.Subscribe(ctx, event.Subscription{Filter: ready()}) {
			if err != nil {
				if ctx.Err() == nil {
					d.log.Warn("follow what becomes ready", "error", err)
				}
				break
			}
			if e, ok := entry.Event().(*model.TaskEvent); ok && e.Task != nil {
				d.tell(e.Task)
			}
		}
		d.tellAll() // what became ready meanwhile was not heard of
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	return nil
}

func ready() model.EntryFilter {
	return model.EntryFilter{Type: model.Among[model.EventType]{}.And(model.EventTypeTaskReady)}
}

// Claim gives an agent tasks to do, and waits for one as long as the input says when there is none.
func (d *Dispatcher) Claim(ctx context.Context, in model.ClaimTasksInput) ([]*model.TaskLease, error) {
	leases, err := d.claim(ctx, in)
	if err == nil {
		d.claims.Add(1)
		d.leased.Add(int64(len(leases)))
	}
	return leases, err
}

func (d *Dispatcher) claim(ctx context.Context, in model.ClaimTasksInput) ([]*model.TaskLease, error) {
	if in.Wait() <= 0 {
		return d.tasks.Claim(ctx, in)
	}
	agent, err := d.tasks.Worker(ctx, in.AgentID)
	if err != nil {
		return nil, err
	}
	w := &waiter{agent: agent.ID, capabilities: agent.Capabilities, workflow: in.WorkflowID, wake: make(chan *model.Task, 1)}
	if in.Capabilities != nil {
		w.capabilities = slices.DeleteFunc(slices.Clone(in.Capabilities), func(c string) bool { return !slices.Contains(agent.Capabilities, c) })
	}
	// It waits before it asks for the first time, so that nothing becomes ready in between.
	defer d.enter(w)()
	timeout := time.NewTimer(in.Wait())
	defer timeout.Stop()
	var told *model.Task
	for {
		leases, err := d.tasks.Claim(ctx, in)
		if err != nil || len(leases) > 0 {
			return leases, err
		}
		if err := d.passOn(ctx, told, w); err != nil {
			return nil, err
		}
		var open bool
		select {
		case told, open = <-w.wake:
			if !open {
				return leases, nil
			}
		case <-timeout.C:
			return leases, nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// enter lets an agent wait; the function given ends that. What it was told of and has not looked at is told to another.
func (d *Dispatcher) enter(w *waiter) (leave func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		close(w.wake)
		return func() {}
	}
	place := d.waiting.PushBack(w)
	return func() {
		d.mu.Lock()
		d.waiting.Remove(place)
		d.mu.Unlock()
		select {
		case task := <-w.wake:
			if task != nil {
				d.tell(task)
			}
		default:
		}
	}
}

// passOn tells another of a task that this one was told of and did not get, if it is still there.
func (d *Dispatcher) passOn(ctx context.Context, task *model.Task, from *waiter) error {
	if task == nil {
		return nil
	}
	still, err := d.tasks.StillReady(ctx, task.ID)
	if err == nil && still {
		d.tellOther(task, from)
	}
	return err
}

func (d *Dispatcher) tell(task *model.Task) { d.tellOther(task, nil) }

// tellOther tells the one that has waited longest of those that can do a task; it then waits at the end.
func (d *Dispatcher) tellOther(task *model.Task, not *waiter) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for place := d.waiting.Front(); place != nil && !d.closed; place = place.Next() {
		w := place.Value.(*waiter)
		if w == not || !w.can(task) {
			continue
		}
		select {
		case w.wake <- task:
			d.waiting.MoveToBack(place)
			return
		default: // it was told of another and has not looked yet
		}
	}
}

func (w *waiter) can(t *model.Task) bool {
	if kept := t.KeptFor(); !kept.IsZero() && kept != w.agent {
		return false
	}
	if w.workflow != nil && *w.workflow != t.WorkflowID {
		return false
	}
	return !slices.ContainsFunc(t.RequiredCapabilities, func(c string) bool { return !slices.Contains(w.capabilities, c) })
}

// tellAll lets everybody look for themselves.
func (d *Dispatcher) tellAll() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for place := d.waiting.Front(); place != nil && !d.closed; place = place.Next() {
		select {
		case place.Value.(*waiter).wake <- nil:
		default:
		}
	}
}

// Close lets nobody wait any longer: who does gets an empty answer.
func (d *Dispatcher) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	d.closed = true
	for place := d.waiting.Front(); place != nil; place = place.Next() {
		close(place.Value.(*waiter).wake)
	}
}

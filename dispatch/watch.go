package dispatch

import (
	"context"
	"time"

	"workflowfactory/model"
)

// answerTime is how long an agent may leave what it was told of, before another hears of it.
const answerTime = 2 * time.Second

// watcher is an agent that is told of work instead of claiming it here.
type watcher struct {
	*Dispatcher
	*waiter
	available func()
	offered   map[model.ID]int64 // the versions of the tasks that it knows of
	owed      []*model.Task      // what others hear of if the agent leaves it
	overdue   *time.Timer        // when they do
}

// Watch tells an agent that there is something for it, at once and whenever something comes, until ctx ends. It is told
// once of what it is told of, though it looks and listens at the same time, and of nothing while it is full or takes no
// more work. What it leaves alone is told to the next. What becomes of the agent after the call is not followed.
func (d *Dispatcher) Watch(ctx context.Context, agent *model.Agent, available func()) {
	w := &watcher{
		Dispatcher: d, available: available, overdue: time.NewTimer(answerTime),
		waiter: &waiter{agent: agent.ID, capabilities: agent.Capabilities, wake: make(chan *model.Task, 1)},
	}
	defer w.overdue.Stop()
	// It waits before it looks, so that nothing becomes ready in between.
	defer d.enter(w.waiter)()
	w.look(ctx)
	for {
		select {
		case task, open := <-w.wake:
			if !open {
				return
			}
			w.hear(ctx, task)
		case <-w.overdue.C:
			for _, task := range w.owed {
				w.pass(ctx, task)
			}
			w.owed = nil
		case <-ctx.Done():
			return
		}
	}
}

// look tells the agent if there is something for it, and says whether there was. Whoever cannot look has the agent do so.
func (w *watcher) look(ctx context.Context) bool {
	offered, err := w.tasks.Offer(ctx, w.agent)
	if w.offered = offered; err == nil && len(offered) == 0 {
		return false
	}
	w.available()
	return true
}

// hear tells the agent of a task, or that it shall look, unless that is no news.
func (w *watcher) hear(ctx context.Context, task *model.Task) {
	switch {
	case task == nil:
		w.look(ctx)
	case task.Version <= w.offered[task.ID]:
		return // it saw the task when it looked
	case !w.look(ctx):
		w.pass(ctx, task)
	default:
		w.owed = append(w.owed, task)
		w.overdue.Reset(answerTime)
	}
}

// pass tells the next of a task, if it is still there.
func (w *watcher) pass(ctx context.Context, task *model.Task) {
	if err := w.passOn(ctx, task, w.waiter); err != nil && ctx.Err() == nil {
		w.log.Warn("pass a task on", "task", task.ID, "error", err)
	}
}

package dispatch

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"workflowfactory/model"
)

// fake is a queue of READY tasks, each for one capability, and agents that can all do everything they are asked with.
type fake struct {
	mu     sync.Mutex // protects what follows from questions that come at the same time; the test asks while all others wait
	ready  []*model.Task
	agents map[model.ID]*model.Agent
	claims int
	offers int
}

func (f *fake) Claim(_ context.Context, in model.ClaimTasksInput) ([]*model.TaskLease, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.claims++
	w := &waiter{agent: in.AgentID, capabilities: f.agents[in.AgentID].Capabilities}
	for i, t := range f.ready {
		if w.can(t) {
			f.ready = append(f.ready[:i:i], f.ready[i+1:]...)
			return []*model.TaskLease{{Task: t}}, nil
		}
	}
	return nil, nil
}

func (f *fake) Worker(_ context.Context, id model.ID) (*model.Agent, error) { return f.agents[id], nil }

func (f *fake) StillReady(_ context.Context, id model.ID) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.ready {
		if t.ID == id {
			return true, nil
		}
	}
	return false, nil
}

func (f *fake) Offer(_ context.Context, id model.ID) (map[model.ID]int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.offers++
	offered := map[model.ID]int64{}
	for _, t := range f.ready {
		w := &waiter{agent: id, capabilities: f.agents[id].Capabilities}
		if w.can(t) && !f.agents[id].Draining {
			offered[t.ID] = t.Version
		}
	}
	return offered, nil
}

func (f *fake) agent(capabilities ...string) model.ID {
	a := &model.Agent{Noun: model.NewNoun(model.KindAgent, time.Now()), Capabilities: capabilities}
	if f.agents == nil {
		f.agents = map[model.ID]*model.Agent{}
	}
	f.agents[a.ID] = a
	return a.ID
}

func (f *fake) task(requires ...string) *model.Task {
	t := &model.Task{Noun: model.NewNoun(model.KindTask, time.Now()), RequiredCapabilities: requires}
	f.ready = append(f.ready, t)
	return t
}

// waits has an agent wait for work and gives what it gets, nil for nothing.
func waits(t *testing.T, d *Dispatcher, agent model.ID, seconds int) <-chan *model.Task {
	got := make(chan *model.Task, 1)
	go func() {
		leases, err := d.Claim(t.Context(), model.ClaimTasksInput{AgentID: agent, WaitSeconds: &seconds})
		if err != nil {
			t.Error(err)
		}
		var task *model.Task
		if len(leases) > 0 {
			task = leases[0].Task
		}
		got <- task
	}()
	synctest.Wait()
	return got
}

func TestOneTaskWakesOneWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		d := New(nil, f, slog.New(slog.DiscardHandler))
		first, second := waits(t, d, f.agent("x"), 30), waits(t, d, f.agent("x"), 30)
		other := waits(t, d, f.agent("y"), 30)
		asked := f.claims
		task := f.task("x")
		d.tell(task)
		synctest.Wait()
		if f.claims != asked+1 {
			t.Errorf("one task made %d agents ask", f.claims-asked)
		}
		if got := <-first; got != task {
			t.Errorf("the one that waited longest got %v", got)
		}
		begin := time.Now()
		if got := <-second; got != nil || time.Since(begin) != 30*time.Second {
			t.Errorf("the second got %v after %v", got, time.Since(begin))
		}
		if got := <-other; got != nil {
			t.Errorf("one that cannot do it got %v", got)
		}
	})
}

func TestATaskThatOneDoesNotGetGoesToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		d := New(nil, f, slog.New(slog.DiscardHandler))
		gone, stays := f.agent("x"), f.agent("x")
		first, second := waits(t, d, gone, 30), waits(t, d, stays, 30)
		f.agents[gone].Capabilities = nil // by the time it asks it can do nothing
		task := f.task("x")
		d.tell(task)
		if got := <-second; got != task {
			t.Errorf("the next one got %v", got)
		}
		if got := <-first; got != nil {
			t.Errorf("the one that can do nothing got %v", got)
		}
	})
}

func TestATaskKeptForOneWakesThatOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		d := New(nil, f, slog.New(slog.DiscardHandler))
		any, chosen := f.agent("x"), f.agent("x")
		first, second := waits(t, d, any, 30), waits(t, d, chosen, 30)
		task := f.task("x")
		task.AssigneeID = chosen
		d.tell(task)
		if got := <-second; got != task {
			t.Errorf("the assignee got %v", got)
		}
		if got := <-first; got != nil {
			t.Errorf("another got %v", got)
		}
	})
}

func TestNobodyWaitsAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		d := New(nil, f, slog.New(slog.DiscardHandler))
		waiting := waits(t, d, f.agent("x"), 30)
		begin := time.Now()
		d.Close()
		d.Close()
		if got := <-waiting; got != nil || time.Since(begin) > 0 {
			t.Errorf("got %v after %v", got, time.Since(begin))
		}
		if got := <-waits(t, d, f.agent("x"), 30); got != nil || time.Since(begin) > 0 {
			t.Errorf("later: got %v after %v", got, time.Since(begin))
		}
		d.tell(f.task("x")) // must not write to what is closed
		d.tellAll()
	})
}

package dispatch

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"workflowfactory/model"
)

// watches has an agent watch for work and gives how often it was told.
func watches(t *testing.T, d *Dispatcher, f *fake, agent model.ID) (told func() int) {
	ctx, stop := context.WithCancel(t.Context())
	var n atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.Watch(ctx, f.agents[agent], func() { n.Add(1) })
	}()
	t.Cleanup(func() { stop(); <-done })
	return func() int {
		synctest.Wait()
		return int(n.Load())
	}
}

func TestWhatIsSeenAndHeardIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		d := New(nil, f, slog.New(slog.DiscardHandler))
		first, second := f.task("x"), f.task("x")
		told := watches(t, d, f, f.agent("x"))
		if n := told(); n != 1 {
			t.Errorf("told %d times of what was there", n)
		}
		d.tell(first) // whose event comes late
		told()
		d.tell(second)
		if n := told(); n != 1 {
			t.Errorf("told %d times of the same two tasks", n)
		}
		first.Version++ // it was taken and given back
		d.tell(first)
		if n := told(); n != 2 {
			t.Errorf("told %d times after a task came anew", n)
		}
		d.tell(f.task("x"))
		if n := told(); n != 3 {
			t.Errorf("told %d times after a new task", n)
		}
	})
}

func TestWhoTakesNoMoreWorkKeepsNoneFromOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		d := New(nil, f, slog.New(slog.DiscardHandler))
		drains, works := f.agent("x"), f.agent("x")
		one, other := watches(t, d, f, drains), watches(t, d, f, works)
		one()
		f.agents[drains].Draining = true
		d.tell(f.task("x"))
		if n := other(); n != 1 || one() != 0 {
			t.Errorf("the one that works was told %d times, the other %d", n, one())
		}
	})
}

func TestWhatIsLeftAloneIsToldToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		d := New(nil, f, slog.New(slog.DiscardHandler))
		one := watches(t, d, f, f.agent("x"))
		one()
		other := watches(t, d, f, f.agent("x"))
		other()
		task := f.task("x")
		d.tell(task)
		if one() != 1 || other() != 0 {
			t.Errorf("told %d and %d times, want the first alone", one(), other())
		}
		time.Sleep(answerTime)
		if one() != 1 || other() != 1 {
			t.Errorf("told %d and %d times after a while", one(), other())
		}
		asked := f.offers
		time.Sleep(time.Minute) // nobody takes it: they know, and nobody asks the database again and again
		if one() != 1 || other() != 1 || f.offers > asked+2 {
			t.Errorf("told %d and %d times in the end, with %d questions", one(), other(), f.offers-asked)
		}
	})
}

package demo

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestEachTaskHasSomebodyForIt(t *testing.T) {
	t.Parallel()
	for _, s := range stories {
		var before []string
		for _, task := range s.tasks {
			if !slices.ContainsFunc(roles[:len(roles)-1], func(r role) bool { return slices.Contains(r.capabilities, task.capability) }) {
				t.Errorf("%s: nobody can %s", s.name, task.capability)
			}
			for _, key := range task.after {
				if !slices.Contains(before, key) {
					t.Errorf("%s: %s comes after %s, which comes later or never", s.name, task.key, key)
				}
			}
			before = append(before, task.key)
		}
	}
}

func TestATaskGoesTheSameWayInEachAttempt(t *testing.T) {
	t.Parallel()
	work := Work{Duration: time.Second, Failures: 0.5, Suggestions: 0.5}
	failing, asking := 0, map[asking]int{}
	const tasks = 1000
	for i := range tasks {
		id := fmt.Sprint("task_", i)
		one, again := work.plan(id), work.plan(id)
		if one.failsAt != again.failsAt || one.ask != again.ask || one.step != again.step || pick(one.draw, remarks) != pick(again.draw, remarks) {
			t.Fatalf("%+v and %+v", one, again)
		}
		if total := one.step * time.Duration(one.steps); total < 490*time.Millisecond || total > 1500*time.Millisecond {
			t.Errorf("a task takes %v", total)
		}
		if one.failsAt >= 0 {
			failing++
		}
		asking[one.ask]++
	}
	if failing < tasks/3 || failing > tasks*2/3 || asking[nothing] < tasks/3 || len(asking) != int(kindsOfAsking) {
		t.Errorf("%d of %d tasks fail, and ask %v", failing, tasks, asking)
	}
	if p := (Work{}).plan("task_1"); p.failsAt >= 0 || p.ask != nothing || p.step != 0 {
		t.Errorf("work without anything: %+v", p)
	}
}

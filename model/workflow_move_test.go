package model_test

import (
	"testing"

	"workflowfactory/model"
)

func TestWorkflowVerbs(t *testing.T) {
	const (
		pending, running, paused     = model.WorkflowStatusPending, model.WorkflowStatusRunning, model.WorkflowStatusPaused
		completed, failed, cancelled = model.WorkflowStatusCompleted, model.WorkflowStatusFailed, model.WorkflowStatusCancelled
	)
	verbs := map[string]struct {
		do   func(*model.Workflow) error
		to   model.WorkflowStatus
		from []model.WorkflowStatus
	}{
		"start":  {func(w *model.Workflow) error { return w.Start(now) }, running, []model.WorkflowStatus{pending}},
		"pause":  {func(w *model.Workflow) error { return w.Pause(now) }, paused, []model.WorkflowStatus{running}},
		"resume": {(*model.Workflow).Resume, running, []model.WorkflowStatus{paused}},
		"cancel": {func(w *model.Workflow) error { return w.Cancel(now) }, cancelled, []model.WorkflowStatus{pending, running, paused}},
		"retry":  {func(w *model.Workflow) error { return w.Retry(now) }, running, []model.WorkflowStatus{completed, failed, cancelled}},
	}
	for name, verb := range verbs {
		allowed := map[model.WorkflowStatus]bool{}
		for _, s := range verb.from {
			allowed[s] = true
		}
		for _, status := range model.AllWorkflowStatus {
			w := &model.Workflow{Status: status}
			err := verb.do(w)
			want := status
			if allowed[status] {
				want = verb.to
			}
			if (err == nil) != allowed[status] || w.Status != want {
				t.Errorf("%s of a %s workflow: %s, %v; want %s", name, status, w.Status, err, want)
			}
			if allowed[status] && !status.CanBecome(verb.to) {
				t.Errorf("%s leads from %s to %s, which the table of moves forbids", name, status, verb.to)
			}
		}
	}
}

func TestConclude(t *testing.T) {
	for _, c := range []struct {
		name                                         string
		status                                       model.WorkflowStatus
		total, completed, failed, cancelled, skipped int
		want                                         model.WorkflowStatus
		progress                                     int
	}{
		{"nothing to do yet", "RUNNING", 0, 0, 0, 0, 0, "RUNNING", 0},
		{"one open", "RUNNING", 3, 2, 0, 0, 0, "RUNNING", 66},
		{"all done", "RUNNING", 3, 3, 0, 0, 0, "COMPLETED", 100},
		{"done or skipped", "RUNNING", 3, 2, 0, 0, 1, "COMPLETED", 100},
		{"the last one ends in a pause", "PAUSED", 1, 1, 0, 0, 0, "COMPLETED", 100},
		{"one failed", "RUNNING", 3, 1, 1, 0, 1, "FAILED", 66},
		{"one failed, the rest called off", "RUNNING", 3, 0, 1, 2, 0, "FAILED", 0},
		{"all called off", "RUNNING", 2, 0, 0, 2, 0, "CANCELLED", 0},
		{"some called off", "RUNNING", 2, 1, 0, 1, 0, "COMPLETED", 50},
		{"not started", "PENDING", 1, 0, 0, 1, 0, "PENDING", 0},
	} {
		w := &model.Workflow{Status: c.status}
		for status, n := range map[model.TaskStatus]int{
			model.TaskStatusCompleted: c.completed, model.TaskStatusFailed: c.failed, model.TaskStatusCancelled: c.cancelled,
			model.TaskStatusSkipped: c.skipped, model.TaskStatusReady: c.total - c.completed - c.failed - c.cancelled - c.skipped,
		} {
			for range n {
				w.Count("", model.TaskStatusPending)
				w.Count(model.TaskStatusPending, status)
			}
		}
		_, ended := w.Conclude(now)
		if w.Status != c.want || w.Progress != c.progress || ended != (c.want != c.status) || ended != (w.FinishedAt != nil) {
			t.Errorf("%s: %s at %d %%, ended %v; want %s at %d %%", c.name, w.Status, w.Progress, ended, c.want, c.progress)
		}
	}
}

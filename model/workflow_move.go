package model

import (
	"slices"
	"time"
)

// workflowMoves is the state machine of a workflow.
var workflowMoves = map[WorkflowStatus][]WorkflowStatus{
	WorkflowStatusPending:   {WorkflowStatusRunning, WorkflowStatusCancelled},
	WorkflowStatusRunning:   {WorkflowStatusPaused, WorkflowStatusCompleted, WorkflowStatusFailed, WorkflowStatusCancelled},
	WorkflowStatusPaused:    {WorkflowStatusRunning, WorkflowStatusCompleted, WorkflowStatusFailed, WorkflowStatusCancelled},
	WorkflowStatusCompleted: {WorkflowStatusRunning},
	WorkflowStatusFailed:    {WorkflowStatusRunning},
	WorkflowStatusCancelled: {WorkflowStatusRunning},
}

// CanBecome says whether a workflow of this status may take that one.
func (s WorkflowStatus) CanBecome(next WorkflowStatus) bool {
	return slices.Contains(workflowMoves[s], next)
}

func (w *Workflow) move(verb string, next WorkflowStatus, from ...WorkflowStatus) error {
	if !slices.Contains(from, w.Status) {
		return Errorf(InvalidTransition, "workflow %s is %s; only one that is %s can be %s", w.ID, w.Status, either(from), verb)
	}
	w.Status = next
	return nil
}

func either(statuses []WorkflowStatus) string {
	text := string(statuses[0])
	for _, s := range statuses[1:] {
		text += " or " + string(s)
	}
	return text
}

// Start makes the tasks claimable.
func (w *Workflow) Start(now time.Time) error {
	if err := w.move("started", WorkflowStatusRunning, WorkflowStatusPending); err != nil {
		return err
	}
	w.StartedAt = &now
	return nil
}

// Pause lets nothing new be claimed.
func (w *Workflow) Pause(now time.Time) error {
	if err := w.move("paused", WorkflowStatusPaused, WorkflowStatusRunning); err != nil {
		return err
	}
	w.PausedAt = &now
	return nil
}

// Resume goes on after a pause.
func (w *Workflow) Resume() error {
	if err := w.move("resumed", WorkflowStatusRunning, WorkflowStatusPaused); err != nil {
		return err
	}
	w.PausedAt = nil
	return nil
}

// Cancel calls the workflow off.
func (w *Workflow) Cancel(now time.Time) error {
	if err := w.move("cancelled", WorkflowStatusCancelled, WorkflowStatusPending, WorkflowStatusRunning, WorkflowStatusPaused); err != nil {
		return err
	}
	w.finish(now)
	return nil
}

// Retry makes an ended workflow run again.
func (w *Workflow) Retry(now time.Time) error {
	if err := w.move("retried", WorkflowStatusRunning, WorkflowStatusCompleted, WorkflowStatusFailed, WorkflowStatusCancelled); err != nil {
		return err
	}
	w.FinishedAt = nil
	if w.StartedAt == nil {
		w.StartedAt = &now
	}
	return nil
}

func (w *Workflow) finish(now time.Time) { w.FinishedAt, w.PausedAt = &now, nil }

// Count moves one task in the counters, from a status to another. "" stands for no task: a new or a deleted one.
func (w *Workflow) Count(from, to TaskStatus) {
	w.counter(from, -1)
	w.counter(to, +1)
	w.Progress = 0
	if w.TotalTasks > 0 {
		w.Progress = (w.CompletedTasks + w.SkippedTasks) * 100 / w.TotalTasks
	}
}

func (w *Workflow) counter(s TaskStatus, n int) {
	if s != "" {
		w.TotalTasks += n
	}
	switch s {
	case TaskStatusCompleted:
		w.CompletedTasks += n
	case TaskStatusFailed:
		w.FailedTasks += n
	case TaskStatusCancelled:
		w.CancelledTasks += n
	case TaskStatusSkipped:
		w.SkippedTasks += n
	}
}

// Conclude ends the workflow when its last open task has ended, and says whether it did: FAILED when a task failed,
// CANCELLED when nothing at all was done, COMPLETED otherwise. Only a running or paused workflow concludes, and one
// without any task goes on until it gets some.
func (w *Workflow) Conclude(now time.Time) (EventType, bool) {
	if w.Status != WorkflowStatusRunning && w.Status != WorkflowStatusPaused || w.TotalTasks == 0 || w.OpenTasks() > 0 {
		return "", false
	}
	w.finish(now)
	switch {
	case w.FailedTasks > 0:
		w.Status = WorkflowStatusFailed
		return EventTypeWorkflowFailed, true
	case w.CompletedTasks == 0 && w.CancelledTasks > 0:
		w.Status = WorkflowStatusCancelled
		return EventTypeWorkflowCancelled, true
	}
	w.Status = WorkflowStatusCompleted
	return EventTypeWorkflowCompleted, true
}

// CheckDeletable refuses to delete what runs or is only paused.
func (w *Workflow) CheckDeletable() error {
	if w.Status == WorkflowStatusRunning || w.Status == WorkflowStatusPaused {
		return Errorf(InvalidTransition, "workflow %s is %s; cancel it before you delete it", w.ID, w.Status)
	}
	return nil
}

// CheckOpen refuses to add tasks to an ended workflow.
func (w *Workflow) CheckOpen() error {
	if w.Status.IsOver() {
		return Errorf(InvalidTransition, "workflow %s is %s; retry it before you change its tasks", w.ID, w.Status)
	}
	return nil
}

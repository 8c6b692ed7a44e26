package model

import "time"

// Workflow is a graph of tasks. Its row is the lock of the graph: whoever changes which tasks there are, what they
// wait for or how they ended holds it, so its counters are always those of its tasks.
//
// Life: PENDING → RUNNING ⇄ PAUSED → COMPLETED, FAILED or CANCELLED; a retry makes an ended one RUNNING again.
type Workflow struct {
	Noun          `bun:",embed"`
	Name          string         `json:"name"`
	Description   *string        `json:"description"`
	Status        WorkflowStatus `json:"status"`
	Progress      int            `json:"progress"` // percent
	Priority      Priority       `json:"priority"`
	Input         JSON           `json:"input" bun:"type:jsonb"`
	TriggerType   TriggerType    `json:"triggerType"`
	Labels        []string       `json:"labels" bun:",array"`
	CreatedByID   ID             `json:"createdBy" bun:"created_by,type:uuid"`
	FailurePolicy FailurePolicy  `json:"failurePolicy"`
	StartedAt     *time.Time     `json:"startedAt"`
	PausedAt      *time.Time     `json:"pausedAt"`
	FinishedAt    *time.Time     `json:"finishedAt"`

	// How many tasks there are, and how many ended in which way; the open ones are the rest.
	TotalTasks     int `json:"totalTasks"`
	CompletedTasks int `json:"completedTasks"`
	FailedTasks    int `json:"failedTasks"`
	CancelledTasks int `json:"cancelledTasks"`
	SkippedTasks   int `json:"skippedTasks"`
}

// Trigger is what starts the workflow.
func (w *Workflow) Trigger() *Trigger { return &Trigger{Type: w.TriggerType} }

// OpenTasks is how many tasks have not ended.
func (w *Workflow) OpenTasks() int {
	return w.TotalTasks - w.CompletedTasks - w.FailedTasks - w.CancelledTasks - w.SkippedTasks
}

// IsOver says whether the workflow has ended.
func (s WorkflowStatus) IsOver() bool {
	return s == WorkflowStatusCompleted || s == WorkflowStatusFailed || s == WorkflowStatusCancelled
}

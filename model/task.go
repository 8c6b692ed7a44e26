package model

import "time"

// Task is a piece of work that one agent does at a time, under a lease.
type Task struct {
	Noun                 `bun:",embed"`
	WorkflowID           ID          `json:"workflowId" bun:"type:uuid"`
	Key                  *string     `json:"key"`
	Name                 string      `json:"name"`
	Description          *string     `json:"description"`
	Status               TaskStatus  `json:"status"`
	Priority             Priority    `json:"priority"`
	DueAt                *time.Time  `json:"dueAt"`
	AvailableAt          *time.Time  `json:"availableAt"` // not claimable before: the end of a backoff
	RequiredCapabilities []string    `json:"requiredCapabilities" bun:",array"`
	AssigneeID           ID          `json:"assignee" bun:"type:uuid"` // reserved for, by a person
	AgentID              ID          `json:"agent" bun:"type:uuid"`    // holds it, or had it last
	Progress             int         `json:"progress"`                 // percent
	ProgressMessage      *string     `json:"progressMessage"`
	Input                JSON        `json:"input" bun:"type:jsonb"`
	Result               JSON        `json:"result" bun:"type:jsonb"`
	Error                *TaskError  `json:"error" bun:"type:jsonb"`
	Attempt              int         `json:"attempt"` // the fencing number
	FailedAttempts       int         `json:"failedAttempts"`
	MaxAttempts          int         `json:"maxAttempts"`
	RetryPolicy          RetryPolicy `json:"retryPolicy" bun:"embed:retry_"`
	TimeoutSeconds       *int        `json:"timeoutSeconds"`
	StartedAt            *time.Time  `json:"startedAt"`
	FinishedAt           *time.Time  `json:"finishedAt"`
	ReadyAt              *time.Time  `json:"readyAt"`   // since when it is, or was last, claimable
	ClaimedAt            *time.Time  `json:"claimedAt"` // when it was last claimed

	WaitsFor       int        `json:"-"`                       // how many of the tasks that it depends on are not done
	Route          int32      `json:"-"`                       // the set of required capabilities, as a number
	ResumeAgentID  ID         `json:"keptFor" bun:"type:uuid"` // gets it first after a decision
	LeaseToken     []byte     `json:"-"`                       // of the holder; nil while nobody holds it
	LeaseSeconds   int        `json:"-"`
	LeaseExpiresAt *time.Time `json:"leaseExpiresAt"`
	AttemptEndsAt  *time.Time `json:"-"` // no lease of this attempt goes beyond: claimedAt + timeoutSeconds
	AnnouncedAt    *time.Time `json:"-"` // when the log last told of progress
	LogLines       int        `json:"-"` // the number of the last line of its log
	Unannounced    bool       `json:"-"` // there is progress that the log has not told of

	AsOf time.Time `json:"-" bun:"-"` // when an event's task was so; zero for what is so now
}

// RetryPolicy is how long to wait between attempts.
type RetryPolicy struct {
	Backoff         Backoff `json:"backoff"`
	DelaySeconds    int     `json:"delaySeconds"`
	MaxDelaySeconds int     `json:"maxDelaySeconds"`
}

// TaskError is why a task failed, or was skipped or cancelled.
type TaskError struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	Retryable bool   `json:"retryable"`
}

// TaskAttempt is one time that an agent held a task.
type TaskAttempt struct {
	TaskID      ID
	WorkflowID  ID // of the task: says that the agent takes part in it
	Number      int
	AgentID     ID
	ClaimedAt   time.Time
	FinishedAt  *time.Time
	Outcome     *AttemptOutcome
	Error       *TaskError `bun:"type:jsonb"`
	LeaseToken  []byte
	OutcomeHash []byte // of what the agent ended it with, so that a repeated request is known
}

// TaskLease is a task in the hands of an agent.
type TaskLease struct {
	Task           *Task     `json:"task"`
	LeaseToken     string    `json:"leaseToken"`
	Attempt        int       `json:"attempt"`
	LeaseExpiresAt time.Time `json:"leaseExpiresAt"`
}

// IsOver says whether the task has ended.
func (s TaskStatus) IsOver() bool {
	return s == TaskStatusCompleted || s == TaskStatusFailed || s == TaskStatusCancelled || s == TaskStatusSkipped
}

// IsDone says whether what depends on the task may go on.
func (s TaskStatus) IsDone() bool { return s == TaskStatusCompleted || s == TaskStatusSkipped }

// IsOverdue says whether the task is open past the moment when it should be done.
func (t *Task) IsOverdue() bool {
	return t.DueAt != nil && !t.Status.IsOver() && t.DueAt.Before(t.now())
}

// now is until when the task counts its time.
func (t *Task) now() time.Time {
	if t.AsOf.IsZero() {
		return time.Now()
	}
	return t.AsOf
}

// DurationMs is the time from the first claim to the end, or to now, in milliseconds; nil before the first claim.
func (t *Task) DurationMs() *int { return t.milliseconds(t.StartedAt, t.FinishedAt) }

// QueueMs is how long the task was claimable before it was last claimed, or has been until now, in milliseconds.
func (t *Task) QueueMs() *int {
	if t.ReadyAt != nil && t.ClaimedAt != nil && t.ClaimedAt.Before(*t.ReadyAt) {
		return t.milliseconds(t.ReadyAt, nil)
	}
	return t.milliseconds(t.ReadyAt, t.ClaimedAt)
}

// milliseconds is how long it is from one moment to another, or to now.
func (t *Task) milliseconds(from, to *time.Time) *int {
	if from == nil {
		return nil
	}
	end := t.now()
	if to != nil {
		end = *to
	}
	return new(int(max(0, end.Sub(*from).Milliseconds())))
}

package model

import (
	"fmt"
	"slices"
	"time"
)

// orDefault gives what the caller set, or the standard.
func orDefault[T any](v *T, standard T) T {
	if v == nil {
		return standard
	}
	return *v
}

// words gives a list without repeats, never nil.
func words(list []string) []string {
	out := []string{}
	for _, w := range list {
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// NewWorkflow makes a PENDING workflow without tasks, or says what is wrong with the input.
func NewWorkflow(in CreateWorkflowInput, by ID, now time.Time) (*Workflow, error) {
	w := &Workflow{
		Noun: NewNoun(KindWorkflow, now), Name: in.Name, Description: in.Description, Status: WorkflowStatusPending,
		Priority: orDefault(in.Priority, PriorityMedium), Input: in.Input, TriggerType: TriggerTypeManual,
		Labels: words(in.Labels), CreatedByID: by, FailurePolicy: orDefault(in.FailurePolicy, FailurePolicyFailFast),
	}
	if in.Trigger != nil {
		w.TriggerType = in.Trigger.Type
	}
	return w, w.Check()
}

// Check says what is wrong with the workflow's fields.
func (w *Workflow) Check() error {
	return firstError(CheckName("name", w.Name), CheckText("description", w.Description), CheckWords("labels", w.Labels))
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// The standard settings of a task.
const (
	defaultMaxAttempts     = 3
	defaultDelaySeconds    = 2
	defaultMaxDelaySeconds = 300
	maxDelaySeconds        = 24 * 60 * 60
	maxTimeoutSeconds      = 7 * 24 * 60 * 60
)

// NewTask makes a PENDING task of a workflow that waits for nothing yet, or says what is wrong with the input, whose
// dependsOn is for the caller to look up.
func NewTask(w *Workflow, in CreateTaskInput, now time.Time) (*Task, error) {
	t := &Task{
		Noun: NewNoun(KindTask, now), WorkflowID: w.ID, Key: in.Key, Name: in.Name, Description: in.Description,
		Status: TaskStatusPending, Priority: orDefault(in.Priority, w.Priority), DueAt: in.DueAt,
		RequiredCapabilities: words(in.RequiredCapabilities), AssigneeID: orDefault(in.AgentID, ID{}), Input: in.Input,
		MaxAttempts: orDefault(in.MaxAttempts, defaultMaxAttempts), RetryPolicy: newRetryPolicy(in.RetryPolicy),
		TimeoutSeconds: in.TimeoutSeconds,
	}
	slices.Sort(t.RequiredCapabilities)
	if in.Key != nil {
		if err := CheckName("key", *in.Key); err != nil {
			return nil, err
		}
	}
	if len(in.DependsOn) > MaxItems {
		return nil, BadInput("dependsOn", "a task can depend on at most %d others", MaxItems)
	}
	return t, t.Check()
}

func newRetryPolicy(in *RetryPolicyInput) RetryPolicy {
	if in == nil {
		in = &RetryPolicyInput{}
	}
	return RetryPolicy{
		Backoff:         orDefault(in.Backoff, BackoffExponential),
		DelaySeconds:    orDefault(in.DelaySeconds, defaultDelaySeconds),
		MaxDelaySeconds: orDefault(in.MaxDelaySeconds, max(defaultMaxDelaySeconds, orDefault(in.DelaySeconds, 0))),
	}
}

// Check says what is wrong with the task's fields.
func (t *Task) Check() error {
	return firstError(
		CheckName("name", t.Name), CheckText("description", t.Description),
		CheckWords("requiredCapabilities", t.RequiredCapabilities),
		CheckRange("maxAttempts", &t.MaxAttempts, 1, 100),
		CheckRange("timeoutSeconds", t.TimeoutSeconds, 1, maxTimeoutSeconds),
		CheckRange("retryPolicy.delaySeconds", &t.RetryPolicy.DelaySeconds, 0, maxDelaySeconds),
		CheckRange("retryPolicy.maxDelaySeconds", &t.RetryPolicy.MaxDelaySeconds, 0, maxDelaySeconds),
	)
}

// Plan makes the tasks of a new workflow from their inputs: each with how many others it waits for, and who waits for
// whom by key. Keys must be unique and known, and nothing may wait for itself, directly or not (CYCLE_DETECTED).
func Plan(w *Workflow, in []*NewTaskInput, now time.Time) (tasks []*Task, waits [][2]ID, err error) {
	if len(in) > MaxItems {
		return nil, nil, BadInput("tasks", "a workflow is created with at most %d tasks; add more with createTask", MaxItems)
	}
	byKey := map[string]*Task{}
	for i, n := range in {
		t, err := NewTask(w, n.asCreate(), now)
		if err != nil {
			return nil, nil, inItem(fmt.Sprintf("tasks.%d.", i), err)
		}
		if byKey[n.Key] != nil {
			return nil, nil, BadInput(fmt.Sprintf("tasks.%d.key", i), "another task has the key %q", n.Key)
		}
		byKey[n.Key] = t
		tasks = append(tasks, t)
	}
	for i, n := range in {
		for _, key := range words(n.DependsOn) {
			parent := byKey[key]
			if parent == nil {
				return nil, nil, BadInput(fmt.Sprintf("tasks.%d.dependsOn", i), "no task has the key %q", key)
			}
			tasks[i].WaitsFor++
			waits = append(waits, [2]ID{tasks[i].ID, parent.ID})
		}
	}
	return tasks, waits, checkAcyclic(in)
}

func (n NewTaskInput) asCreate() CreateTaskInput {
	in := CreateTaskInput{
		Key: &n.Key, Name: n.Name, Description: n.Description, RequiredCapabilities: n.RequiredCapabilities,
		AgentID: n.AgentID, Priority: n.Priority, DueAt: n.DueAt, Input: n.Input, MaxAttempts: n.MaxAttempts,
		RetryPolicy: n.RetryPolicy, TimeoutSeconds: n.TimeoutSeconds,
	}
	in.DependsOn = make([]ID, len(n.DependsOn))
	return in
}

// inItem puts an item's place before the field that an error names.
func inItem(place string, err error) error {
	if e, ok := err.(*Error); ok && e.Field != "" {
		at := *e
		at.Field = place + e.Field
		return &at
	}
	return err
}

// checkAcyclic answers CYCLE_DETECTED with the circle that it found.
func checkAcyclic(in []*NewTaskInput) error {
	index := map[string]int{}
	for i, n := range in {
		index[n.Key] = i
	}
	done := make([]bool, len(in))
	var visit func(i int, path []int) error
	visit = func(i int, path []int) error {
		if at := slices.Index(path, i); at >= 0 {
			circle := ""
			for _, j := range path[at:] {
				circle += in[j].Key + " → "
			}
			return &Error{Code: CycleDetected, Field: fmt.Sprintf("tasks.%d.dependsOn", i), Message: "tasks wait for each other in a circle: " + circle + in[i].Key}
		}
		if done[i] {
			return nil
		}
		for _, key := range in[i].DependsOn {
			if err := visit(index[key], append(path, i)); err != nil {
				return err
			}
		}
		done[i] = true
		return nil
	}
	for i := range in {
		if err := visit(i, nil); err != nil {
			return err
		}
	}
	return nil
}

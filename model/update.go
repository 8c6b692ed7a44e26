package model

import (
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// set takes an optional field over: left out stays, null clears, a value sets.
func set[T any](field **T, in graphql.Omittable[*T]) {
	if v, ok := in.ValueOK(); ok {
		*field = v
	}
}

// setRequired does the same for a field that cannot be null.
func setRequired[T any](name string, field *T, in graphql.Omittable[*T]) error {
	v, ok := in.ValueOK()
	if !ok {
		return nil
	}
	if v == nil {
		return BadInput(name, "%s cannot be null", name)
	}
	*field = *v
	return nil
}

// setWords does the same for a list; null makes it empty.
func setWords(field *[]string, in graphql.Omittable[[]string]) {
	if v, ok := in.ValueOK(); ok {
		*field = words(v)
	}
}

// Update takes the given fields over, or says what is wrong with them.
func (w *Workflow) Update(in UpdateWorkflowInput) error {
	set(&w.Description, in.Description)
	setWords(&w.Labels, in.Labels)
	return firstError(
		setRequired("name", &w.Name, in.Name),
		setRequired("priority", &w.Priority, in.Priority),
		setRequired("failurePolicy", &w.FailurePolicy, in.FailurePolicy),
		w.Check(),
	)
}

// Update takes the given fields over, or says what is wrong with them. An ended task is INVALID_TRANSITION.
func (t *Task) Update(in UpdateTaskInput) error {
	if t.Status.IsOver() {
		return Errorf(InvalidTransition, "task %s is %s; retry it before you change it", t.ID, t.Status)
	}
	set(&t.Description, in.Description)
	set(&t.DueAt, in.DueAt)
	set(&t.TimeoutSeconds, in.TimeoutSeconds)
	if v, ok := in.Input.ValueOK(); ok {
		t.Input = v
	}
	setWords(&t.RequiredCapabilities, in.RequiredCapabilities)
	slices.Sort(t.RequiredCapabilities)
	return firstError(
		setRequired("name", &t.Name, in.Name),
		setRequired("priority", &t.Priority, in.Priority),
		setRequired("maxAttempts", &t.MaxAttempts, in.MaxAttempts),
		t.Check(),
	)
}

// Update takes the given fields over, or says what is wrong with them.
func (a *Agent) Update(in UpdateAgentInput) error {
	set(&a.Description, in.Description)
	setWords(&a.Capabilities, in.Capabilities)
	setWords(&a.Labels, in.Labels)
	return firstError(
		setRequired("name", &a.Name, in.Name),
		setRequired("maxConcurrency", &a.MaxConcurrency, in.MaxConcurrency),
		setRequired("heartbeatIntervalSeconds", &a.HeartbeatIntervalSeconds, in.HeartbeatIntervalSeconds),
		setRequired("draining", &a.Draining, in.Draining),
		a.Check(),
	)
}

// Check says what is wrong with the agent's fields.
func (a *Agent) Check() error {
	return firstError(
		CheckName("name", a.Name), CheckText("description", a.Description),
		CheckWords("capabilities", a.Capabilities), CheckWords("labels", a.Labels),
		CheckRange("maxConcurrency", &a.MaxConcurrency, 1, 1000),
		CheckRange("heartbeatIntervalSeconds", &a.HeartbeatIntervalSeconds, 1, 3600),
	)
}

// Register makes an agent out of its registration, or says what is wrong with it. An agent that was there before keeps
// what the registration leaves out.
func (a *Agent) Register(in RegisterAgentInput, now time.Time) error {
	if a.ID.IsZero() {
		*a = Agent{
			Noun: NewNoun(KindAgent, now), Capabilities: []string{}, Labels: []string{}, Status: AgentStatusIdle,
			MaxConcurrency: 1, HeartbeatIntervalSeconds: 10,
		}
	}
	a.Name = in.Name
	if in.Description != nil {
		a.Description = in.Description
	}
	if in.Capabilities != nil {
		a.Capabilities = words(in.Capabilities)
	}
	if in.Labels != nil {
		a.Labels = words(in.Labels)
	}
	a.MaxConcurrency = orDefault(in.MaxConcurrency, a.MaxConcurrency)
	a.HeartbeatIntervalSeconds = orDefault(in.HeartbeatIntervalSeconds, a.HeartbeatIntervalSeconds)
	a.LastHeartbeatAt, a.Draining = &now, false
	a.Status = a.StatusAt(now, a.ActiveTasks)
	return a.Check()
}

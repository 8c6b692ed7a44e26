package model

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Crew says who could do a task: how many agents at work have the capabilities that it requires, and how many of those
// have room for it.
type Crew struct {
	Capable, Free int
}

// ClaimFacts is what the claimability of a task depends on, beside the task.
type ClaimFacts struct {
	Workflow WorkflowStatus
	WaitsFor []*Task // what it depends on and is not done
	Crew     Crew
	KeptFor  *Agent // the agent that it is reserved for, or kept for after a decision
	Now      time.Time
}

// KeptFor is the agent that alone may claim the task: its assignee, or the one that gets it first after a decision.
// Zero when any may.
func (t *Task) KeptFor() ID {
	if t.AssigneeID.IsZero() {
		return t.ResumeAgentID
	}
	return t.AssigneeID
}

// Claimability says whether agents may claim the task, and what stands in the way; nil once it is held or over.
func (t *Task) Claimability(f ClaimFacts) *Claimability {
	if t.Status == TaskStatusInProgress || t.Status.IsOver() {
		return nil
	}
	obstacles := t.obstacles(f)
	return &Claimability{Claimable: len(obstacles) == 0, Obstacles: obstacles}
}

func (t *Task) obstacles(f ClaimFacts) []*ClaimObstacle {
	found := []*ClaimObstacle{}
	add := func(reason ClaimObstacleReason, format string, args ...any) *ClaimObstacle {
		o := &ClaimObstacle{Reason: reason, Message: fmt.Sprintf(format, args...), WaitsFor: []*Task{}, Capabilities: []string{}}
		found = append(found, o)
		return o
	}
	switch f.Workflow {
	case WorkflowStatusPending:
		add(ClaimObstacleReasonNotStarted, "its workflow is not started")
	case WorkflowStatusPaused:
		add(ClaimObstacleReasonPaused, "its workflow is paused")
	}
	if len(f.WaitsFor) > 0 {
		add(ClaimObstacleReasonDependencies, "it waits for %s", namesOf(f.WaitsFor)).WaitsFor = f.WaitsFor
	}
	if t.AvailableAt != nil && t.AvailableAt.After(f.Now) {
		add(ClaimObstacleReasonBackoff, "it is tried again at %s", t.AvailableAt.UTC().Format(time.RFC3339)).Until = t.AvailableAt
	}
	if t.Status == TaskStatusAwaitingApproval {
		add(ClaimObstacleReasonApproval, "a person has to decide on a suggestion first")
	}
	switch {
	case f.KeptFor != nil:
		if why := t.hinders(f.KeptFor, f.Now); why != "" {
			add(ClaimObstacleReasonReserved, "it is kept for the agent %q, which %s", f.KeptFor.Name, why).Agent = f.KeptFor
		}
	case f.Crew.Capable == 0:
		add(ClaimObstacleReasonCapabilities, "%s", nobody(t.RequiredCapabilities)).Capabilities = t.RequiredCapabilities
	case f.Crew.Free == 0:
		add(ClaimObstacleReasonCapacity, "every agent that could do it is full or draining")
	}
	return found
}

// hinders says why an agent will not claim the task, "" when it can.
func (t *Task) hinders(a *Agent, now time.Time) string {
	switch {
	case !a.IsAlive(now):
		return "is offline"
	case a.Draining:
		return "is draining"
	case a.ActiveTasks >= a.MaxConcurrency:
		return "is busy"
	}
	for _, c := range t.RequiredCapabilities {
		if !slices.Contains(a.Capabilities, c) {
			return "is not capable of " + c
		}
	}
	return ""
}

func nobody(capabilities []string) string {
	if len(capabilities) == 0 {
		return "no agent is at work"
	}
	return "no agent at work is capable of " + strings.Join(capabilities, " and ")
}

// namesOf lists the first few names.
func namesOf(tasks []*Task) string {
	const shown = 3
	var names []string
	for _, t := range tasks[:min(shown, len(tasks))] {
		names = append(names, fmt.Sprintf("%q", t.Name))
	}
	text := strings.Join(names, ", ")
	if more := len(tasks) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

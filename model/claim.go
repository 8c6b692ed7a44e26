package model

import (
	"fmt"
	"slices"
	"time"
)

// maxClaim bounds how many tasks one claim takes.
const maxClaim = 50

// Check says what is wrong with a claim.
func (in ClaimTasksInput) Check() error {
	return firstError(
		CheckRange("max", in.Max, 1, maxClaim),
		CheckRange("leaseSeconds", in.LeaseSeconds, 1, MaxLeaseSeconds),
		CheckRange("waitSeconds", in.WaitSeconds, 0, MaxWaitSeconds),
		CheckWords("capabilities", in.Capabilities),
	)
}

// MaxWaitSeconds is how long a claim may wait for work.
const MaxWaitSeconds = 30

// Wait is how long to wait for work when there is none.
func (in ClaimTasksInput) Wait() time.Duration {
	return time.Duration(orDefault(in.WaitSeconds, 0)) * time.Second
}

// Limit is how many tasks are wanted.
func (in ClaimTasksInput) Limit() int { return orDefault(in.Max, 1) }

// Seconds is how long the leases shall last.
func (in ClaimTasksInput) Seconds() int { return orDefault(in.LeaseSeconds, DefaultLeaseSeconds) }

// Suits says whether an agent may be given a task by this claim: it has the capabilities, those that the claim names if
// it names some, the task is kept for nobody else, and is of the workflow that the claim is about.
func (in ClaimTasksInput) Suits(a *Agent, t *Task) bool {
	if kept := t.KeptFor(); !kept.IsZero() && kept != a.ID {
		return false
	}
	if in.WorkflowID != nil && *in.WorkflowID != t.WorkflowID {
		return false
	}
	return !slices.ContainsFunc(t.RequiredCapabilities, func(c string) bool {
		return !slices.Contains(a.Capabilities, c) || in.Capabilities != nil && !slices.Contains(in.Capabilities, c)
	})
}

// Tokens reads the leases of a heartbeat, each once.
func (in HeartbeatInput) Tokens() ([]LeaseToken, error) {
	if len(in.Leases) > MaxItems {
		return nil, BadInput("leases", "leases has more than %d elements", MaxItems)
	}
	seen := map[ID]bool{}
	tokens := make([]LeaseToken, len(in.Leases))
	for i, lease := range in.Leases {
		token, ok := ParseLeaseToken(lease.LeaseToken)
		if !ok {
			return nil, BadInput(fmt.Sprintf("leases.%d.leaseToken", i), "this is not a lease token; use one that claimTasks gave you, unchanged")
		}
		if seen[token.TaskID] {
			return nil, BadInput(fmt.Sprintf("leases.%d.leaseToken", i), "another of the leases is of the same task")
		}
		seen[token.TaskID] = true
		tokens[i] = token
	}
	return tokens, nil
}

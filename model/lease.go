package model

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"time"
)

// LeaseToken proves that its bearer holds a task: the task's id and a secret that the task's row keeps while it is held.
type LeaseToken struct {
	TaskID ID
	Secret []byte
}

const leaseSecretSize = 16

// String gives the token as agents see it.
func (t LeaseToken) String() string {
	return base64.RawURLEncoding.EncodeToString(append(t.TaskID[:], t.Secret...))
}

// ParseLeaseToken reads what String wrote; ok is false for anything else.
func ParseLeaseToken(s string) (t LeaseToken, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != len(t.TaskID)+leaseSecretSize {
		return LeaseToken{}, false
	}
	copy(t.TaskID[:], b)
	t.Secret = b[len(t.TaskID):]
	return t, true
}

// Stale is the answer to a token that no longer holds its lease.
func Stale() *Error {
	return Errorf(StaleLease, "this lease is over: it expired, or the task ended, was taken back or was called off; stop working on it")
}

// The bounds of a lease, in seconds.
const (
	DefaultLeaseSeconds = 30
	MaxLeaseSeconds     = 3600
)

// Claim gives the task to an agent for so many seconds, under a fresh secret.
func (t *Task) Claim(agent ID, leaseSeconds int, now time.Time) error {
	if err := t.move(TaskStatusInProgress); err != nil {
		return err
	}
	t.Attempt++
	t.AgentID, t.ResumeAgentID = agent, ID{}
	t.ClaimedAt, t.LeaseSeconds, t.AvailableAt = &now, leaseSeconds, nil
	t.Progress, t.ProgressMessage, t.Unannounced = 0, nil, false
	t.LeaseToken = make([]byte, leaseSecretSize)
	rand.Read(t.LeaseToken)
	if t.StartedAt == nil {
		t.StartedAt = &now
	}
	if t.TimeoutSeconds != nil {
		t.AttemptEndsAt = new(now.Add(time.Duration(*t.TimeoutSeconds) * time.Second))
	}
	t.Extend(now)
	return nil
}

// Extend lets the lease last its full time from now on, but never beyond the end of the attempt.
func (t *Task) Extend(now time.Time) {
	end := now.Add(time.Duration(t.LeaseSeconds) * time.Second)
	if t.AttemptEndsAt != nil && t.AttemptEndsAt.Before(end) {
		end = *t.AttemptEndsAt
	}
	t.LeaseExpiresAt = &end
}

// Lease gives the holder what it needs.
func (t *Task) Lease() *TaskLease {
	return &TaskLease{
		Task: t, LeaseToken: LeaseToken{TaskID: t.ID, Secret: t.LeaseToken}.String(),
		Attempt: t.Attempt, LeaseExpiresAt: *t.LeaseExpiresAt,
	}
}

// HeldBy says whether the token still holds the task: an agent's own lease, before its end.
func (t *Task) HeldBy(secret []byte, who Caller, now time.Time) bool {
	return t.Status == TaskStatusInProgress && bytes.Equal(t.LeaseToken, secret) &&
		now.Before(*t.LeaseExpiresAt) && who.MayActAs(t.AgentID) == nil
}

// MayActAs answers FORBIDDEN when a caller of role AGENT speaks for another agent than its own.
func (c Caller) MayActAs(agent ID) error {
	if c.Role == RoleAgent && c.AgentID != agent {
		return Errorf(Forbidden, "this key belongs to another agent")
	}
	return nil
}

// announceEvery bounds how often the log tells of one task's progress.
const announceEvery = time.Second

// Report takes progress over, and says whether the log should tell of it now: on a change, at most once a second.
// What is not told now is marked, and told later.
func (t *Task) Report(progress *int, message *string, now time.Time) (changed, tell bool, err error) {
	if err := firstError(CheckRange("progress", progress, 0, 100), CheckText("message", message)); err != nil {
		return false, false, err
	}
	if progress != nil && *progress != t.Progress {
		t.Progress, changed = *progress, true
	}
	if message != nil && (t.ProgressMessage == nil || *message != *t.ProgressMessage) {
		t.ProgressMessage, changed = message, true
	}
	if !changed && !t.Unannounced {
		return false, false, nil
	}
	tell = t.AnnouncedAt == nil || now.Sub(*t.AnnouncedAt) >= announceEvery
	if t.Unannounced = !tell; tell {
		t.AnnouncedAt = &now
	}
	return true, tell, nil
}

package agent

import (
	"errors"
	"fmt"
	"time"
)

// What a handler returns when the attempt neither succeeded nor failed.
var (
	// ErrSuspended says that the task waits for a decision that [Task.Ask] asked for.
	ErrSuspended = errors.New("the task waits for a decision")
	// ErrReleased gives the task back undone, for any agent to claim at once.
	ErrReleased = errors.New("the task is given back")
)

// Why the context of a handler ended.
var (
	// ErrCancelled says that the task was called off.
	ErrCancelled = errors.New("the task was called off")
	// ErrLeaseLost says that another agent may hold the task by now.
	ErrLeaseLost = errors.New("the lease of the task is lost")
	// ErrDraining says that the agent is to end and its grace is over; what is returned without an error still counts.
	ErrDraining = errors.New("the agent is to end")
)

// Failure is an error that says how its attempt failed. Every other error is tried again after the task's backoff.
type Failure struct {
	Code       string        // a stable name for programs; FAILED when empty
	Message    string        // what happened, for people
	Permanent  bool          // trying again does not help
	RetryAfter time.Duration // wait so long before the next attempt; what the task's retry policy says when zero
}

// Error gives the message, behind the code if there is one.
func (f *Failure) Error() string {
	if f.Code == "" {
		return f.Message
	}
	return f.Code + ": " + f.Message
}

// Refused is a request that the server understood and will not carry out.
type Refused struct {
	Code    string // as in extensions.code, such as FORBIDDEN; HTTP_ and the status when it was no GraphQL answer
	Message string
	Field   string // the input at fault, if one is

	after time.Duration // wait so long before trying again, as Retry-After says
}

// Error gives code and message.
func (r *Refused) Error() string { return fmt.Sprintf("%s: %s", r.Code, r.Message) }

// transient says whether the same request may be carried out later. The documents of this package are within every
// limit of the server, so QUERY_TOO_COMPLEX can only mean that one took too long.
func (r *Refused) transient() bool {
	switch r.Code {
	case "INTERNAL", "CONFLICT", "RATE_LIMITED", "QUERY_TOO_COMPLEX":
		return true
	}
	return false
}

// asRefused gives the refusal in err, nil if there is none.
func asRefused(err error) *Refused {
	refused, _ := errors.AsType[*Refused](err)
	return refused
}

// isStale says whether the server refused because the lease is over.
func isStale(err error) bool {
	refused := asRefused(err)
	return refused != nil && (refused.Code == "STALE_LEASE" || refused.Code == "NOT_FOUND")
}

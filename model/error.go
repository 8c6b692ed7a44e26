package model

import "fmt"

// Code is the stable name of an error that a caller can act on; it travels as extensions.code.
type Code string

// The codes of the contract.
const (
	Unauthenticated     Code = "UNAUTHENTICATED"
	Forbidden           Code = "FORBIDDEN"
	NotFound            Code = "NOT_FOUND"
	BadUserInput        Code = "BAD_USER_INPUT"
	Conflict            Code = "CONFLICT"
	InvalidTransition   Code = "INVALID_TRANSITION"
	CycleDetected       Code = "CYCLE_DETECTED"
	StaleLease          Code = "STALE_LEASE"
	AlreadyDecided      Code = "ALREADY_DECIDED"
	Expired             Code = "EXPIRED"
	IdempotencyMismatch Code = "IDEMPOTENCY_MISMATCH"
	CursorExpired       Code = "CURSOR_EXPIRED"
	SlowConsumer        Code = "SLOW_CONSUMER"
	RateLimited         Code = "RATE_LIMITED"
	QueryTooComplex     Code = "QUERY_TOO_COMPLEX"
	Internal            Code = "INTERNAL"
)

// Error is the one error that callers see as it is. Every other error is shown as INTERNAL and logged.
type Error struct {
	Code    Code
	Message string         // what is wrong and what to do, for a person
	Field   string         // the input at fault, such as "tasks.2.dependsOn"; "" when none is
	Details map[string]any // more extensions, such as the reason of CURSOR_EXPIRED
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Errorf makes an error of that code.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// BadInput makes a BAD_USER_INPUT error about one input field.
func BadInput(field, format string, args ...any) *Error {
	return &Error{Code: BadUserInput, Field: field, Message: fmt.Sprintf(format, args...)}
}

// Missing says that the noun which a change was asked of is not there.
func Missing(noun string, id ID) *Error {
	if id.IsZero() {
		return Errorf(NotFound, "there is no such %s", noun)
	}
	return Errorf(NotFound, "there is no %s %s", noun, id)
}

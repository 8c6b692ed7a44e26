package model

import "time"

// Outcome gives what a failing agent says went wrong and how long to wait, nil for what the retry policy says.
func (in FailTaskInput) Outcome() (why TaskError, wait *time.Duration, err error) {
	why = TaskError{Code: orDefault(in.Error.Code, "FAILED"), Message: in.Error.Message, Retryable: orDefault(in.Retryable, true)}
	err = firstError(
		CheckName("error.code", why.Code), CheckText("error.message", &why.Message),
		CheckRange("retryAfterSeconds", in.RetryAfterSeconds, 0, maxDelaySeconds),
	)
	if in.RetryAfterSeconds != nil {
		wait = new(time.Duration(*in.RetryAfterSeconds) * time.Second)
	}
	return why, wait, err
}

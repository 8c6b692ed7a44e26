package transport

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The values of extensions.code that the transports themselves give.
const (
	CodeBadInput     = "BAD_USER_INPUT"
	CodeForbidden    = "FORBIDDEN"
	CodeTooComplex   = "QUERY_TOO_COMPLEX"
	CodeRateLimited  = "RATE_LIMITED"
	CodeSlowConsumer = "SLOW_CONSUMER"
	CodeInternal     = "INTERNAL"
)

// ErrTryLater says that a socket could not be authenticated for a reason that will pass. Wrapped by the error of
// Config.Init it closes the socket with 1013, after which clients connect again, where 4403 would be final.
var ErrTryLater = errors.New("try again later")

// refusal is an error in the shape that clients see.
func refusal(code, format string, args ...any) *gqlerror.Error {
	return &gqlerror.Error{Message: fmt.Sprintf(format, args...), Extensions: map[string]any{"code": code}}
}

func badInput(format string, args ...any) *gqlerror.Error {
	return refusal(CodeBadInput, format, args...)
}

func tooComplex(format string, args ...any) *gqlerror.Error {
	return refusal(CodeTooComplex, format, args...)
}

// asGraphQL keeps err as the cause, so that an error presenter can still find its own errors in it.
func asGraphQL(err error) *gqlerror.Error {
	if presented, ok := errors.AsType[*gqlerror.Error](err); ok {
		return presented
	}
	return &gqlerror.Error{Err: err, Message: err.Error()}
}

// present makes a response of an error that ends an operation. A list of GraphQL errors has been presented before.
func present(ctx context.Context, exec *Executor, err error) *graphql.Response {
	if presented, ok := errors.AsType[gqlerror.List](err); ok {
		return &graphql.Response{Errors: presented}
	}
	return exec.Refuse(ctx, gqlerror.List{asGraphQL(err)})
}

// truncate cuts text to at most n bytes, between two characters.
func truncate(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

package auth

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"workflowfactory/model"
)

// Middleware puts the caller into the context of each request. A request without an Authorization header is anonymous; one
// whose credential is not good is answered with 401, whatever it asks for.
func (a *Authenticator) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, err := BearerToken(r.Header["Authorization"])
		if err != nil {
			refuse(w, r, err)
			return
		}
		if token == "" {
			next.ServeHTTP(w, r)
			return
		}
		caller, err := a.Authenticate(r.Context(), token)
		if err != nil {
			a.reportLookup(r, err)
			refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, identify(r, caller.In(model.CallerFrom(r.Context()))))
	})
}

// anonymous is the context of a request of which it was not known yet who makes it.
type anonymous interface{ Identify(model.Caller) }

func identify(r *http.Request, caller model.Caller) *http.Request {
	if ctx, ok := r.Context().(anonymous); ok {
		ctx.Identify(caller)
		return r
	}
	return r.WithContext(model.WithCaller(r.Context(), caller))
}

// BearerToken reads the values of an Authorization header: "" when there are none, UNAUTHENTICATED when they are not one
// bearer token.
func BearerToken(values []string) (string, error) {
	if len(values) == 0 {
		return "", nil
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if token = strings.TrimSpace(token); len(values) > 1 || token == "" || !strings.EqualFold(scheme, "Bearer") {
		return "", model.Errorf(model.Unauthenticated, `send one header "Authorization: Bearer <API key>", or none to be anonymous`)
	}
	return token, nil
}

func (a *Authenticator) reportLookup(r *http.Request, err error) {
	if _, public := errors.AsType[*model.Error](err); !public && r.Context().Err() == nil {
		a.log.ErrorContext(r.Context(), "authenticate", "error", err)
	}
}

// refuse answers in the shape of GraphQL's errors, since that is what clients of the API read.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	public, ok := errors.AsType[*model.Error](err)
	status := http.StatusUnauthorized
	extensions := map[string]any{}
	if !ok {
		status = http.StatusServiceUnavailable
		public = model.Errorf(model.Internal, "the server cannot check credentials at the moment; try again")
		extensions["requestId"] = model.CallerFrom(r.Context()).RequestID
		w.Header().Set("Retry-After", "1")
	} else {
		w.Header().Set("WWW-Authenticate", `Bearer realm="Workflow Factory"`)
	}
	extensions["code"] = public.Code
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{ // the client is gone; nobody is left to tell
		"errors": []any{map[string]any{"message": public.Message, "extensions": extensions}},
	})
}

package auth

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"workflowfactory/model"
)

func TestMiddleware(t *testing.T) {
	t.Parallel()
	a, s := newTest(t)
	k, secret := s.mint(t, model.CreateAPIKeyInput{Name: "robot", Role: model.RoleViewer})
	tests := []struct {
		name          string
		authorization []string
		status        int
		caller        model.ID
	}{
		{"nobody", nil, 200, model.ID{}},
		{"a good key", []string{"Bearer " + secret}, 200, k.ID},
		{"the scheme in lower case", []string{"bearer  " + secret}, 200, k.ID},
		{"another scheme", []string{"Basic " + secret}, 401, model.ID{}},
		{"no token", []string{"Bearer "}, 401, model.ID{}},
		{"an empty header", []string{""}, 401, model.ID{}},
		{"two headers", []string{"Bearer " + secret, "Bearer " + secret}, 401, model.ID{}},
		{"a bad key", []string{"Bearer " + flip(secret, 40)}, 401, model.ID{}},
	}
	for _, test := range tests {
		var caller model.Caller
		reached := false
		handler := a.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			caller, reached = model.CallerFrom(r.Context()), true
		}))
		r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
		r = r.WithContext(model.WithCaller(r.Context(), model.Caller{RequestID: "r1"}))
		r.Header["Authorization"] = test.authorization
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != test.status || caller.ID != test.caller || reached != (test.status == 200) {
			t.Errorf("%s: %d, %+v", test.name, w.Code, caller)
		}
		if reached && caller.RequestID != "r1" {
			t.Errorf("%s: the request id is lost", test.name)
		}
		if !reached && (errorCode(t, w) != "UNAUTHENTICATED" || w.Header().Get("WWW-Authenticate") == "") {
			t.Errorf("%s: %v %s", test.name, w.Header(), w.Body)
		}
	}
}

func TestMiddlewareWithoutDatabase(t *testing.T) {
	t.Parallel()
	a, s := newTest(t)
	_, secret := s.mint(t, model.CreateAPIKeyInput{Name: "robot", Role: model.RoleViewer})
	s.err = errors.New("password of the database is hunter2")
	r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
	r.Header.Set("Authorization", "Bearer "+secret)
	w := httptest.NewRecorder()
	a.Middleware(http.NotFoundHandler()).ServeHTTP(w, r)
	if w.Code != http.StatusServiceUnavailable || errorCode(t, w) != "INTERNAL" || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func errorCode(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var body struct {
		Errors []struct{ Extensions struct{ Code string } }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || len(body.Errors) != 1 {
		t.Fatalf("%s: %v", w.Body, err)
	}
	return body.Errors[0].Extensions.Code
}

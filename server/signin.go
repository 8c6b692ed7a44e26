package server

import (
	"errors"
	"net/http"
	"net/url"

	"workflowfactory/model"
)

// The way of a browser that signs in at an OpenID Connect provider: from here to there, and back.
const (
	SignInPath   = "/auth/oidc/login"
	CallbackPath = "/auth/oidc/callback"
)

// maxEcho bounds, in bytes, what a page may have sent back to it.
const maxEcho = 128

// beginSignIn sends the browser to the provider. ?nonce= comes back to the page, which must not believe a sign-in that it did
// not begin.
func (s *Server) beginSignIn(w http.ResponseWriter, r *http.Request) {
	echo := r.URL.Query().Get("nonce")
	if len(echo) > maxEcho {
		http.Error(w, "the nonce is too long", http.StatusBadRequest)
		return
	}
	if err := s.api.logins.place(r.Context()); err != nil {
		s.backToPage(w, r, url.Values{"error": {messageOf(err)}})
		return
	}
	to, err := s.api.people.BeginSignIn(r.Context(), echo)
	if err != nil {
		s.notSignedIn(w, r, err)
		return
	}
	http.Redirect(w, r, to, http.StatusFound)
}

// finishSignIn takes the browser back. The token is in the fragment of the address, which browsers send to nobody.
func (s *Server) finishSignIn(w http.ResponseWriter, r *http.Request) {
	given := r.URL.Query()
	if why := given.Get("error"); why != "" {
		s.notSignedIn(w, r, model.Errorf(model.Forbidden, "the provider did not sign you in: %.200s", why))
		return
	}
	in, echo, err := s.api.people.FinishSignIn(r.Context(), given.Get("state"), given.Get("code"), r.UserAgent())
	if err != nil {
		s.notSignedIn(w, r, err)
		return
	}
	s.backToPage(w, r, url.Values{"key": {in.Token}, "nonce": {echo}})
}

func (s *Server) notSignedIn(w http.ResponseWriter, r *http.Request, err error) {
	s.Log.WarnContext(r.Context(), "sign in at the provider", "error", err)
	s.backToPage(w, r, url.Values{"error": {messageOf(err)}})
}

// messageOf is what people are told.
func messageOf(err error) string {
	if public, ok := errors.AsType[*model.Error](err); ok {
		return public.Message
	}
	return "signing in does not work at the moment; try again"
}

// backToPage gives the dashboard what came of it.
func (s *Server) backToPage(w http.ResponseWriter, r *http.Request, what url.Values) {
	http.Redirect(w, r, "/#"+what.Encode(), http.StatusSeeOther)
}

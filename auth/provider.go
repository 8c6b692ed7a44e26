package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"workflowfactory/model"
)

// Provider is an OpenID Connect provider whose word is taken for who people are and, by a claim, for what they may do.
// Whom the claim gives no role is refused. Issuer, Audience and Roles are needed. It is safe for concurrent use.
type Provider struct {
	Issuer   string // its address, under which it describes itself
	Audience string // whom its tokens have to be made out to: our client id
	Secret   string // of our client; "" for one that has none
	Callback string // where it sends browsers back to; "" when people sign in elsewhere
	// RoleClaim names the claim that gives the role, a text or a list of them; dots lead into objects.
	RoleClaim string
	Roles     map[string]model.Role // by the value of the claim; of several the most powerful counts

	mu    sync.Mutex // protects found
	found *oidc.Provider
}

// providerTimeout bounds each question to the provider.
const providerTimeout = 10 * time.Second

// provider asks the provider how it works, once that succeeds.
func (p *Provider) provider() (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	// Not the request's context: its keys are fetched again with this one for as long as the process lives.
	found, err := oidc.NewProvider(p.outward(context.Background()), p.Issuer)
	if err != nil {
		return nil, fmt.Errorf("ask the OpenID Connect provider %s how it works: %w", p.Issuer, err)
	}
	p.found = found
	return found, nil
}

func (p *Provider) outward(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, &http.Client{Timeout: providerTimeout})
}

// claims are what we read of a token.
type claims struct {
	Email             string `json:"email"`
	EmailVerified     bool   `json:"email_verified"`
	Name              string `json:"name"`
	PreferredUsername string `json:"preferred_username"`
}

// noKeys is how the error of a token begins of which nobody can tell whether it convinces, since the provider does not give
// its keys. The library gives no more than its text.
const noKeys = "failed to verify signature: fetching keys"

// identify reads a token of the provider, an ID token or an access token that is a JWT, and says until when it is good. One that
// does not convince is UNAUTHENTICATED, and with it is why; one of a person without a role is FORBIDDEN. Any other error means
// that the provider does not answer.
func (p *Provider) identify(ctx context.Context, raw, nonce string) (model.Identity, time.Time, error) {
	found, err := p.provider()
	if err != nil {
		return model.Identity{}, time.Time{}, err
	}
	token, err := found.Verifier(&oidc.Config{ClientID: p.Audience}).Verify(p.outward(ctx), raw)
	switch {
	case err != nil && strings.HasPrefix(err.Error(), noKeys):
		return model.Identity{}, time.Time{}, fmt.Errorf("ask the OpenID Connect provider %s for its keys: %w", p.Issuer, err)
	case err != nil:
		return model.Identity{}, time.Time{}, refusedToken(err)
	case nonce != "" && token.Nonce != nonce:
		return model.Identity{}, time.Time{}, refusedToken(errors.New("it was made for another sign-in"))
	}
	id, err := p.identity(token)
	return id, token.Expiry, err
}

func refusedToken(err error) error {
	if _, expired := errors.AsType[*oidc.TokenExpiredError](err); expired {
		return model.Errorf(model.Unauthenticated, "this token has expired: sign in again")
	}
	refused := model.Errorf(model.Unauthenticated, "this token is not accepted here: sign in again")
	return fmt.Errorf("%w (%w)", refused, err)
}

func (p *Provider) identity(token *oidc.IDToken) (model.Identity, error) {
	var known claims
	all := map[string]any{}
	if err := errors.Join(token.Claims(&known), token.Claims(&all)); err != nil {
		return model.Identity{}, refusedToken(err)
	}
	if known.Email == "" {
		return model.Identity{}, model.Errorf(model.Forbidden, "the token does not tell your email address: the provider has to put it in, for the scope email")
	}
	role, ok := p.role(all)
	if !ok {
		return model.Identity{}, model.Errorf(model.Forbidden, "your account at %s gives you no role here: ask whoever manages it", p.Issuer)
	}
	return model.Identity{
		Issuer: token.Issuer, Subject: token.Subject, Email: known.Email, EmailVerified: known.EmailVerified,
		Name: cmp.Or(known.Name, known.PreferredUsername), Role: role, IssuedAt: token.IssuedAt,
	}, nil
}

// role is the most powerful role that the claim gives.
func (p *Provider) role(all map[string]any) (role model.Role, ok bool) {
	for _, name := range textsAt(all, p.RoleClaim) {
		if given, known := p.Roles[name]; known && (!ok || power(given) > power(role)) {
			role, ok = given, true
		}
	}
	return role, ok
}

// power orders the roles of people by how much they may do.
func power(role model.Role) int { return len(policy[role]) }

// textsAt reads a claim that is a text or a list of them. A name with dots is looked for as it is, then from object to object.
func textsAt(all map[string]any, path string) []string {
	value, there := all[path]
	if name, rest, nested := strings.Cut(path, "."); !there && nested {
		inner, _ := all[name].(map[string]any)
		return textsAt(inner, rest)
	}
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var texts []string
		for _, one := range v {
			if text, ok := one.(string); ok {
				texts = append(texts, text)
			}
		}
		return texts
	}
	return nil
}

// flow is how a browser signs in at the provider.
func (p *Provider) flow() (*oauth2.Config, error) {
	found, err := p.provider()
	if err != nil {
		return nil, err
	}
	return &oauth2.Config{
		ClientID: p.Audience, ClientSecret: p.Secret, Endpoint: found.Endpoint(), RedirectURL: p.Callback,
		Scopes: []string{oidc.ScopeOpenID, "email", "profile"},
	}, nil
}

// exchange asks for the ID token that a code of the provider's stands for.
func (p *Provider) exchange(ctx context.Context, code, verifier string) (string, error) {
	flow, err := p.flow()
	if err != nil {
		return "", err
	}
	answer, err := flow.Exchange(p.outward(ctx), code, oauth2.VerifierOption(verifier))
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.Response.StatusCode < http.StatusInternalServerError {
		return "", refusedToken(refused)
	}
	if err != nil {
		return "", fmt.Errorf("ask the OpenID Connect provider %s for a token: %w", p.Issuer, err)
	}
	token, ok := answer.Extra("id_token").(string)
	if !ok {
		return "", refusedToken(errors.New("the provider gave no ID token"))
	}
	return token, nil
}

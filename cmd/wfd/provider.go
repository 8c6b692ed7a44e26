package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"workflowfactory/auth"
	"workflowfactory/model"
	"workflowfactory/server"
)

// provider is the OpenID Connect provider that the settings name, nil for none.
func (p People) provider() *auth.Provider {
	if p.OIDCIssuer == "" {
		return nil
	}
	roles, _ := p.roles() // checked before
	of := &auth.Provider{
		Issuer: p.OIDCIssuer, Audience: p.OIDCAudience, Secret: string(p.OIDCClientSecret), RoleClaim: p.OIDCRoleClaim, Roles: roles,
	}
	if p.PublicURL != "" {
		of.Callback = strings.TrimSuffix(p.PublicURL, "/") + server.CallbackPath
	}
	return of
}

// roles reads OIDC_ROLES.
func (p People) roles() (map[string]model.Role, error) {
	roles := map[string]model.Role{}
	for _, one := range p.OIDCRoles {
		value, role, ok := strings.Cut(one, "=")
		given := model.Role(strings.TrimSpace(role))
		if !ok || !given.IsValid() || given == model.RoleAgent {
			return nil, fmt.Errorf("OIDC_ROLES holds %q: an entry looks like staff=VIEWER, with the role ADMIN, MANAGER or VIEWER", one)
		}
		roles[strings.TrimSpace(value)] = given
	}
	return roles, nil
}

// checkPeople refuses settings of people that cannot be meant.
func (p People) checkPeople() []error {
	var problems []error
	if p.SessionIdle <= 0 || p.SessionTTL <= 0 {
		problems = append(problems, errors.New("SESSION_IDLE and SESSION_TTL must be longer than nothing"))
	}
	if p.PublicURL == "*" || p.PublicURL != "" && !isOrigin(strings.TrimSuffix(p.PublicURL, "/")) {
		problems = append(problems, fmt.Errorf("PUBLIC_URL is %q: it looks like https://wfd.example.com", p.PublicURL))
	}
	if p.OIDCIssuer == "" {
		return problems
	}
	if p.OIDCAudience == "" || len(p.OIDCRoles) == 0 {
		problems = append(problems, errors.New("OIDC_ISSUER needs OIDC_AUDIENCE and OIDC_ROLES too: without them nobody comes in"))
	}
	if _, err := p.roles(); err != nil {
		problems = append(problems, err)
	}
	return problems
}

// unsafePeople refuses what is unsafe in production: words that somebody on the way could change.
func (p People) unsafePeople() []error {
	var problems []error
	for name, address := range map[string]string{"OIDC_ISSUER": p.OIDCIssuer, "PUBLIC_URL": p.PublicURL} {
		if u, err := url.Parse(address); address != "" && (err != nil || u.Scheme != "https") {
			problems = append(problems, fmt.Errorf("in production %s must begin with https://", name))
		}
	}
	return problems
}

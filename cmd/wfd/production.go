package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"

	"workflowfactory/auth"
	"workflowfactory/db"
	"workflowfactory/relay"
)

// exampleKey is the key of the documents, which everybody knows.
const exampleKey = "wfd_admin_0123456789abcdef0123456789abcdef"

// check refuses settings that cannot be meant, and in production those that are unsafe. It names each.
func (s settings) check() error {
	problems := s.checkPositive()
	if key := string(s.AdminAPIKey); key != "" && len(key) < auth.MinLiteral {
		problems = append(problems, fmt.Errorf("ADMIN_API_KEY has %d characters: use %d or more", len(key), auth.MinLiteral))
	}
	for _, origin := range s.CorsOrigins {
		if !isOrigin(origin) {
			problems = append(problems, fmt.Errorf("CORS_ORIGINS holds %q: an origin looks like https://app.example.com", origin))
		}
	}
	problems = append(problems, s.checkPeople()...)
	if s.production() {
		problems = append(problems, s.unsafe()...)
		problems = append(problems, s.unsafePeople()...)
	}
	return errors.Join(problems...)
}

func isOrigin(text string) bool {
	u, err := url.Parse(text)
	return text == "*" || err == nil && u.Host != "" && text == u.Scheme+"://"+u.Host && (u.Scheme == "https" || u.Scheme == "http")
}

func (s settings) unsafe() []error {
	var problems []error
	refuse := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("in production "+format, args...))
	}
	if s.DatabaseURL == "" {
		refuse("DATABASE_URL is needed: the private PostgreSQL is for development")
	} else if err := db.CheckSecure(string(s.DatabaseURL)); err != nil {
		refuse("DATABASE_URL is not safe: %w", err)
	}
	if s.NATSURL != "" && !relay.Secure(string(s.NATSURL)) {
		refuse("NATS_URL is not safe: events would cross the network in the clear; use tls://")
	}
	if string(s.AdminAPIKey) == exampleKey {
		refuse("ADMIN_API_KEY must not be the key of the documentation: make one with `openssl rand -hex 32`")
	}
	if slices.Contains(s.CorsOrigins, "*") {
		refuse("CORS_ORIGINS must not be *: name the origins of your pages")
	}
	return problems
}

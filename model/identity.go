package model

import (
	"cmp"
	"strings"
	"time"
)

// Identity is what an OpenID Connect provider says of a person.
type Identity struct {
	Issuer, Subject string
	Email           string
	EmailVerified   bool
	Name            string // "" when the provider does not say
	Role            Role
	IssuedAt        time.Time // when it said so
}

// Hear takes over what a provider says of the person, unless it said something else later.
func (u *User) Hear(id Identity) error {
	if u.IdentifiedAt != nil && id.IssuedAt.Before(*u.IdentifiedAt) {
		return nil
	}
	heard := *u
	heard.Issuer, heard.Subject, heard.Role = id.Issuer, id.Subject, id.Role
	if heard.Email == "" || id.EmailVerified {
		heard.Email = cmp.Or(id.Email, heard.Email)
	}
	heard.Name = cmp.Or(id.Name, heard.Name, nameIn(heard.Email))
	if heard == *u {
		return nil
	}
	heard.IdentifiedAt = &id.IssuedAt
	*u = heard
	return u.Check()
}

// nameIn is what stands before the host of an address.
func nameIn(email string) string {
	name, _, _ := strings.Cut(email, "@")
	return name
}

// MayBe says, as FORBIDDEN, why the account must not become that of the person whom a provider vouches for: only the owner
// of an address may take over the account that has it, and nobody that of somebody else there.
func (u *User) MayBe(id Identity) error {
	if !id.EmailVerified || u.Issuer != "" {
		return Errorf(Forbidden, "another account has the address %s: ask an administrator", id.Email)
	}
	return nil
}

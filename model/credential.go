package model

import "time"

// Credential is what a caller can prove to have: an API key, a session, or the word of another server for a person.
type Credential struct {
	ID         ID     // of the key, the session or the person
	Name       string // of the key or the person
	SecretHash []byte // nil for a person
	Role       Role
	AgentID    ID   // that a key is bound to
	UserID     ID   // of the person; zero for keys
	Active     bool // false for a person who may no longer sign in
	ExpiresAt  *time.Time
	LastUsedAt *time.Time // to the minute
	RevokedAt  *time.Time
}

// Caller is who calls with it.
func (c *Credential) Caller() Caller {
	return Caller{ID: c.ID, Name: c.Name, Role: c.Role, AgentID: c.AgentID, UserID: c.UserID}
}

// Usable says, as UNAUTHENTICATED, why a credential that is known does not work; nil if it does.
func (c *Credential) Usable(now time.Time) error {
	revoked, expired := c.RevokedAt != nil, c.ExpiresAt != nil && !now.Before(*c.ExpiresAt)
	switch {
	case !c.Active:
		return Errorf(Unauthenticated, "this account was deactivated: ask an administrator")
	case c.ID.Kind() == KindSession && (revoked || expired):
		return Errorf(Unauthenticated, "this session has ended: sign in again")
	case revoked:
		return Errorf(Unauthenticated, "the API key %q was revoked: ask an administrator for a new one", c.Name)
	case expired:
		return Errorf(Unauthenticated, "the API key %q has expired: ask an administrator for a new one", c.Name)
	}
	return nil
}

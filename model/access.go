package model

import "time"

// APIKey is a credential for a program. Only the hash of its secret is kept.
type APIKey struct {
	Noun       `bun:",embed"`
	Name       string     `json:"name"`
	Prefix     string     `json:"prefix"`
	SecretHash []byte     `json:"-"`
	Role       Role       `json:"role"`
	AgentID    ID         `json:"agent" bun:"type:uuid"`
	ExpiresAt  *time.Time `json:"expiresAt"`
	LastUsedAt *time.Time `json:"-"`
	RevokedAt  *time.Time `json:"revokedAt"`
}

// IsActor marks who can do something.
func (*APIKey) IsActor() {}

// GetName gives the name.
func (k *APIKey) GetName() string { return k.Name }

// System is the server itself as an actor.
type System struct{}

// IsActor marks who can do something.
func (System) IsActor() {}

// ID gives the one id of the system.
func (System) ID() ID { return SystemID }

// GetID gives the one id of the system.
func (System) GetID() ID { return SystemID }

// Name gives the name of the system.
func (System) Name() string { return "system" }

// GetName gives the name of the system.
func (System) GetName() string { return "system" }

// Actor is who did something: a user, an agent, an API key or the system.
type Actor interface {
	IsActor()
	GetID() ID
	GetName() string
}

// Node is what can be found by its id.
type Node interface {
	IsNode()
	GetID() ID
}

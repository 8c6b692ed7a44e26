package model

import "time"

// Noun is what every noun has that can change. The json names of the nouns are their names in the API: an entry's
// snapshot is a noun as JSON, and its changes are named after the same fields.
type Noun struct {
	ID        ID        `json:"id" bun:",pk,type:uuid"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	Version   int64     `json:"version"`
}

// IsNode marks what node(id) can give.
func (*Noun) IsNode() {}

// GetID gives the id.
func (n *Noun) GetID() ID { return n.ID }

// NewNoun is a noun created now.
func NewNoun(k Kind, now time.Time) Noun {
	return Noun{ID: NewID(k), CreatedAt: now, UpdatedAt: now, Version: 1}
}

// Touch marks one change.
func (n *Noun) Touch(now time.Time) {
	n.UpdatedAt = now
	n.Version++
}

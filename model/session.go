package model

import (
	"strings"
	"time"
)

// Session is a time for which a person is signed in. It ends when it is revoked, when it was not used for a while, and
// at the latest at EndsAt. Only the hash of its token is kept.
type Session struct {
	Noun        `bun:",embed"`
	UserID      ID           `json:"user" bun:"type:uuid"`
	Method      SignInMethod `json:"method"`
	UserAgent   *string      `json:"userAgent"`
	SecretHash  []byte       `json:"-"`
	IdleSeconds int          `json:"-"`
	LastUsedAt  time.Time    `json:"-"` // to the minute
	ExpiresAt   time.Time    `json:"-"` // later with every use
	EndsAt      time.Time    `json:"endsAt"`
	RevokedAt   *time.Time   `json:"revokedAt"`

	// Begins is true of the session of somebody who has just signed in.
	Begins bool `json:"-" bun:"-"`
}

// SessionLife is how long sessions last.
type SessionLife struct {
	Idle time.Duration // after they were used
	Most time.Duration // in all
}

// Begin sets when the session ends, from now on.
func (s *Session) Begin(life SessionLife, now time.Time) {
	s.CreatedAt, s.UpdatedAt, s.Version = now, now, 1
	s.IdleSeconds, s.LastUsedAt = int(life.Idle.Seconds()), now
	s.EndsAt = now.Add(life.Most)
	s.ExpiresAt = now.Add(min(life.Idle, life.Most))
}

// maxUserAgent bounds what is kept of how programs call themselves, in bytes.
const maxUserAgent = 300

// From notes the program that the person signs in with; "" is unknown.
func (s *Session) From(userAgent string) {
	if userAgent = strings.ToValidUTF8(userAgent[:min(len(userAgent), maxUserAgent)], ""); userAgent != "" {
		s.UserAgent = &userAgent
	}
}

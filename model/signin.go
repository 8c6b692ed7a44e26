package model

import "time"

// SignIn is a sign-in at an OpenID Connect provider that has begun.
type SignIn struct {
	StateHash []byte    `bun:",pk"` // of what the provider sends the browser back with
	Verifier  string    // proves that the code is asked for by whom the sign-in was begun by
	Nonce     string    // has to be in the provider's answer
	Echo      string    // what the page that began it knows it by
	ExpiresAt time.Time // it has to be finished before
}

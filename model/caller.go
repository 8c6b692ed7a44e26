package model

import (
	"context"
	"net/netip"
	"time"
)

// Caller is who asks, as proven by a credential. The zero Caller is anonymous.
type Caller struct {
	ID        ID     // the API key, the session, or the user whom another server vouches for; zero for nobody
	Name      string // for people who read the log
	Role      Role   // "" for nobody
	AgentID   ID     // the agent that an AGENT key is bound to; zero while it is bound to none
	UserID    ID     // the person behind the credential; zero for a key that belongs to no person
	RequestID string
	Address   netip.Addr // whence they ask, as far as trusted proxies tell; the zero Addr when it is not known

	Until time.Time // when the credential stops working by itself; zero for one that is looked up
}

// ActorID is whom the log names for what this caller does: the person, or the agent, or the key that belongs to
// neither; the system when nobody asked.
func (c Caller) ActorID() ID {
	switch {
	case !c.UserID.IsZero():
		return c.UserID
	case !c.AgentID.IsZero():
		return c.AgentID
	case !c.ID.IsZero():
		return c.ID
	}
	return SystemID
}

// Holder is whom all credentials of one holder are counted for: the person, or the key; zero for nobody.
func (c Caller) Holder() ID {
	if !c.UserID.IsZero() {
		return c.UserID
	}
	return c.ID
}

// MaySeeAll says whether what concerns one person alone may be shown to the caller: to administrators and to that person.
func (c Caller) MaySeeAll(of *User) bool {
	return c.Role == RoleAdmin || of.SignsIn || !c.UserID.IsZero() && c.UserID == of.ID
}

// In gives the caller as the one who makes the request that asked is known by.
func (c Caller) In(asked Caller) Caller {
	c.RequestID, c.Address = asked.RequestID, asked.Address
	return c
}

type callerKey struct{}

// Asked is the context of what a caller asked for.
type Asked struct {
	context.Context
	By Caller
}

// Value gives the caller, or what the context has that this one is made from.
func (a *Asked) Value(key any) any {
	if key == (callerKey{}) {
		return &a.By
	}
	return a.Context.Value(key)
}

// WithCaller puts the caller into the context of one request.
func WithCaller(ctx context.Context, c Caller) context.Context { return &Asked{ctx, c} }

// CallerFrom gives the caller of this request, the zero Caller where there is none.
func CallerFrom(ctx context.Context) Caller {
	if c, ok := ctx.Value(callerKey{}).(*Caller); ok {
		return *c
	}
	return Caller{}
}

// MaySee says whether an event may be shown to the caller: accounts and keys to administrators alone, and to an agent
// what concerns it or what it did.
func (c Caller) MaySee(e *Entry) bool {
	switch {
	case e.Kind.IsAccess():
		return c.Role == RoleAdmin
	case c.Role == RoleAgent:
		return !c.AgentID.IsZero() && (e.AgentID == c.AgentID || e.ActorID == c.AgentID)
	}
	return c.Role != ""
}

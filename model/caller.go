package model

import "context"

// Caller is who asks, as proven by a credential. The zero Caller is anonymous.
type Caller struct {
	ID        ID     // the user or the API key; zero for nobody
	Name      string // for people who read the log
	Role      Role   // "" for nobody
	AgentID   ID     // the agent that an AGENT key is bound to; zero while it is bound to none
	UserID    ID     // the person behind the credential; zero for a key that belongs to no person
	RequestID string
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

type callerKey struct{}

// WithCaller puts the caller into the context of one request.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerFrom gives the caller of this request, the zero Caller where there is none.
func CallerFrom(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// MaySee says whether an event may be shown to the caller: accounts and keys to administrators alone, and to an agent
// what concerns it or what it did.
func (c Caller) MaySee(e *Entry) bool {
	switch {
	case e.Kind == KindUser || e.Kind == KindAPIKey:
		return c.Role == RoleAdmin
	case c.Role == RoleAgent:
		return !c.AgentID.IsZero() && (e.AgentID == c.AgentID || e.ActorID == c.AgentID)
	}
	return c.Role != ""
}

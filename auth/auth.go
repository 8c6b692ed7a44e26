// Package auth says who is calling and what they may do: it turns a bearer token into a [model.Caller], keeps watch over
// the credentials behind open connections, and holds the one table of what each role may do.
package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"workflowfactory/model"
)

const (
	// freshness is how long what was read of a key may be believed, and how often the keys behind open connections are
	// looked at again. A revoked key stops working within twice this, which has to stay under 5 s.
	freshness = 2 * time.Second

	// maxLookups bounds how many lookups of keys run at a time, and so how much of the database's pool strangers with
	// made-up keys can keep busy.
	maxLookups = 4
)

// Keys is where API keys are kept.
type Keys interface {
	// APIKeys gives those of the keys that there are, in any order.
	APIKeys(ctx context.Context, ids []model.ID) ([]*model.APIKey, error)
	// MarkUsed notes that the keys were used in the current minute.
	MarkUsed(ctx context.Context, ids []model.ID) error
}

// Authenticator proves who is behind a bearer token. It is safe for concurrent use.
type Authenticator struct {
	keys    Keys
	log     *slog.Logger
	known   cache
	watched watchers
	used    usage
	lookups chan struct{} // a token per lookup under way
}

// New makes an Authenticator. Its Run must run for watched connections to end.
func New(keys Keys, log *slog.Logger) *Authenticator {
	return &Authenticator{keys: keys, log: log, lookups: make(chan struct{}, maxLookups)}
}

// Authenticate gives the caller whose credential the token is. A token that is not, or no longer, good is answered with
// UNAUTHENTICATED; any other error means that nobody can tell at the moment.
func (a *Authenticator) Authenticate(ctx context.Context, token string) (model.Caller, error) {
	id, ok := keyOf(token)
	if !ok {
		return model.Caller{}, errNoSuchKey
	}
	key, err := a.key(ctx, id)
	if err != nil {
		return model.Caller{}, err
	}
	if sum := sha256.Sum256([]byte(token)); key == nil || subtle.ConstantTimeCompare(key.SecretHash, sum[:]) != 1 {
		return model.Caller{}, errNoSuchKey
	}
	if err := usable(key, time.Now()); err != nil {
		return model.Caller{}, err
	}
	a.used.note(key)
	return callerOf(key), nil
}

// Current looks again at who is calling, for a connection that stays open: an agent that has just registered with a key
// that was bound to none is from then on seen as that agent.
func (a *Authenticator) Current(ctx context.Context) context.Context {
	caller := model.CallerFrom(ctx)
	if caller.Role != model.RoleAgent || !caller.AgentID.IsZero() {
		return ctx
	}
	key, err := a.key(ctx, caller.ID)
	if err != nil || key == nil || key.AgentID.IsZero() {
		return ctx // the watch over the connection ends it when the key is gone
	}
	caller.AgentID = key.AgentID
	return model.WithCaller(ctx, caller)
}

var errNoSuchKey = model.Errorf(model.Unauthenticated, "this API key is not known here: check that it was copied whole, or ask an administrator for a new one")

// usable says why a key that is known does not work, nil if it does.
func usable(k *model.APIKey, now time.Time) error {
	switch {
	case k.RevokedAt != nil:
		return model.Errorf(model.Unauthenticated, "the API key %q was revoked: ask an administrator for a new one", k.Name)
	case k.ExpiresAt != nil && !now.Before(*k.ExpiresAt):
		return model.Errorf(model.Unauthenticated, "the API key %q has expired: ask an administrator for a new one", k.Name)
	}
	return nil
}

func callerOf(k *model.APIKey) model.Caller {
	return model.Caller{ID: k.ID, Name: k.Name, Role: k.Role, AgentID: k.AgentID}
}

// key reads a key, from memory while that is fresh; nil means that there is none.
func (a *Authenticator) key(ctx context.Context, id model.ID) (*model.APIKey, error) {
	if key, ok := a.known.get(id, time.Now()); ok {
		return key, nil
	}
	select {
	case a.lookups <- struct{}{}:
		defer func() { <-a.lookups }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if key, ok := a.known.get(id, time.Now()); ok {
		return key, nil // somebody else read it while we waited
	}
	asked := time.Now()
	found, err := a.keys.APIKeys(ctx, []model.ID{id})
	if err != nil {
		return nil, fmt.Errorf("look up API key %s: %w", id, err)
	}
	var key *model.APIKey
	if len(found) > 0 {
		key = found[0]
	}
	a.known.put(id, key, asked)
	return key, nil
}

// Run keeps watch until the context ends: it ends the connections whose credential is no longer good, and notes which
// keys were used. It blocks, and returns nil.
func (a *Authenticator) Run(ctx context.Context) error {
	tick := time.NewTicker(freshness)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			a.report(last, a.writeUsage(last))
			return nil
		case now := <-tick.C:
			a.known.sweep(now)
			a.report(ctx, errors.Join(a.checkWatched(ctx, now), a.writeUsage(ctx)))
		}
	}
}

func (a *Authenticator) report(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "keep watch over API keys", "error", err)
	}
}

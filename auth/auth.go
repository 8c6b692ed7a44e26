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
	// freshness is how long what was read of a credential may be believed, and how often those behind open connections
	// are looked at again. A revoked one stops working within twice this, which has to stay under 5 s.
	freshness = 2 * time.Second

	// maxLookups bounds how many lookups run at a time, and so how much of the database's pool strangers with made-up
	// tokens can keep busy.
	maxLookups = 4
)

// Credentials is where API keys, sessions and accounts are kept.
type Credentials interface {
	// Credentials gives those that there are, in any order.
	Credentials(ctx context.Context, ids []model.ID) ([]*model.Credential, error)
	// MarkUsed notes that they were used in the current minute.
	MarkUsed(ctx context.Context, ids []model.ID) error
}

// Authenticator proves who is behind a bearer token. It is safe for concurrent use.
type Authenticator struct {
	kept    Credentials
	log     *slog.Logger
	known   cache
	watched watchers
	used    usage
	lookups chan struct{} // a token per lookup under way

	provider *Provider // nil when only our own credentials count
	people   Identities
	words    words
}

// New makes an Authenticator. Its Run must run for watched connections to end.
func New(kept Credentials, log *slog.Logger) *Authenticator {
	return &Authenticator{kept: kept, log: log, lookups: make(chan struct{}, maxLookups)}
}

// Authenticate gives the caller whose credential the token is. A token that is not, or no longer, good is answered with
// UNAUTHENTICATED; any other error means that nobody can tell at the moment.
func (a *Authenticator) Authenticate(ctx context.Context, token string) (model.Caller, error) {
	if a.isVouched(token) {
		return a.vouched(ctx, token)
	}
	id, ok := subjectOf(token)
	if !ok {
		return model.Caller{}, errUnknown
	}
	known, err := a.credential(ctx, id)
	if err != nil {
		return model.Caller{}, err
	}
	var text [maxToken]byte // on the stack: each request is asked for its token
	if sum := sha256.Sum256(text[:copy(text[:], token)]); known == nil || subtle.ConstantTimeCompare(known.SecretHash, sum[:]) != 1 {
		return model.Caller{}, errUnknown
	}
	if err := known.Usable(time.Now()); err != nil {
		return model.Caller{}, err
	}
	a.used.note(known)
	return known.Caller(), nil
}

// Current looks again at who is calling, for a connection that stays open: an agent that has just registered with a key
// that was bound to none is from then on seen as that agent.
func (a *Authenticator) Current(ctx context.Context) context.Context {
	caller := model.CallerFrom(ctx)
	if caller.Role != model.RoleAgent || !caller.AgentID.IsZero() {
		return ctx
	}
	known, err := a.credential(ctx, caller.ID)
	if err != nil || known == nil || known.AgentID.IsZero() {
		return ctx // the watch over the connection ends it when the key is gone
	}
	caller.AgentID = known.AgentID
	return model.WithCaller(ctx, caller)
}

var errUnknown = model.Errorf(model.Unauthenticated, "this credential is not known here: check that it was copied whole, sign in again, or ask an administrator for a new key")

// credential reads one, from memory while that is fresh; nil means that there is none.
func (a *Authenticator) credential(ctx context.Context, id model.ID) (*model.Credential, error) {
	if known, ok := a.known.get(id, time.Now()); ok {
		return known, nil
	}
	select {
	case a.lookups <- struct{}{}:
		defer func() { <-a.lookups }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if known, ok := a.known.get(id, time.Now()); ok {
		return known, nil // somebody else read it while we waited
	}
	asked := time.Now()
	found, err := a.kept.Credentials(ctx, []model.ID{id})
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", id, err)
	}
	var known *model.Credential
	if len(found) > 0 {
		known = found[0]
	}
	a.known.put(id, known, asked)
	return known, nil
}

// Run keeps watch until the context ends: it ends the connections whose credential is no longer good, and notes which
// were used. It blocks, and returns nil.
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
			a.words.sweep(now)
			a.report(ctx, errors.Join(a.checkWatched(ctx, now), a.writeUsage(ctx)))
		}
	}
}

// refuse leaves out of a refusal why the token did not convince, which is for the log alone.
func (a *Authenticator) refuse(ctx context.Context, err error) error {
	public, ok := errors.AsType[*model.Error](err)
	if !ok {
		return err
	}
	a.log.InfoContext(ctx, "refuse a token", "error", err)
	return public
}

func (a *Authenticator) report(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "keep watch over credentials", "error", err)
	}
}

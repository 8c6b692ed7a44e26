package auth

import (
	"context"
	"crypto/sha256"
	"strings"
	"sync"
	"time"

	"workflowfactory/model"
)

// Identities is where the accounts of people are kept whom a provider vouches for.
type Identities interface {
	// Identify gives the person's account, and makes it on first sight.
	Identify(ctx context.Context, id model.Identity) (*model.User, error)
}

// Trust takes the tokens of a provider as credentials. Call it before the first request.
func (a *Authenticator) Trust(p *Provider, people Identities) { a.provider, a.people = p, people }

// isVouched says whether a token looks like one of the provider's: a signed JWT has two dots, and ours have none.
func (a *Authenticator) isVouched(token string) bool {
	return a.provider != nil && strings.Count(token, ".") == 2
}

// vouched gives the caller whom a token of the provider's names. A token is looked into once; whether the person's account
// is still good is asked as of every credential.
func (a *Authenticator) vouched(ctx context.Context, token string) (model.Caller, error) {
	sum := sha256.Sum256([]byte(token))
	known, ok := a.words.get(sum, time.Now())
	if !ok {
		id, until, err := a.provider.identify(ctx, token, "")
		if err != nil {
			return model.Caller{}, a.refuse(ctx, err)
		}
		u, err := a.people.Identify(ctx, id)
		if err != nil {
			return model.Caller{}, err
		}
		known = word{person: u.ID, until: until}
		a.words.put(sum, known)
	}
	account, err := a.credential(ctx, known.person)
	if err != nil {
		return model.Caller{}, err
	}
	if account == nil {
		return model.Caller{}, errUnknown
	}
	caller := account.Caller()
	caller.Until = known.until
	return caller, account.Usable(time.Now())
}

// word is what is remembered of a token that convinced.
type word struct {
	person model.ID
	until  time.Time
}

// words are the tokens of a provider that convinced, by their hashes.
type words struct {
	mu    sync.Mutex // protects known
	known map[[sha256.Size]byte]word
}

func (w *words) get(sum [sha256.Size]byte, now time.Time) (word, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	known, ok := w.known[sum]
	return known, ok && now.Before(known.until)
}

func (w *words) put(sum [sha256.Size]byte, one word) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known == nil {
		w.known = map[[sha256.Size]byte]word{}
	}
	if len(w.known) < maxKnown {
		w.known[sum] = one
	}
}

// sweep drops those that are no longer good.
func (w *words) sweep(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for sum, one := range w.known {
		if !now.Before(one.until) {
			delete(w.known, sum)
		}
	}
}

package auth

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"workflowfactory/model"
)

// signInTime is how long a person has at the provider.
const signInTime = 10 * time.Minute

// SignIns is where sign-ins at a provider are kept that have begun.
type SignIns interface {
	Identities
	KeepSignIn(ctx context.Context, s model.SignIn) error
	// TakeSignIn gives one, once; UNAUTHENTICATED when there is none or it is too old.
	TakeSignIn(ctx context.Context, stateHash []byte) (*model.SignIn, error)
}

// BeginSignIn gives the address at the provider to send a browser to. The echo comes back from FinishSignIn, so that the
// page which began can tell its own sign-in from one that somebody else slipped it.
func (p *People) BeginSignIn(ctx context.Context, echo string) (string, error) {
	flow, err := p.Provider.flow()
	if err != nil {
		return "", err
	}
	state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	err = p.SignIns.KeepSignIn(ctx, model.SignIn{
		StateHash: Hash(state), Verifier: verifier, Nonce: nonce, Echo: echo, ExpiresAt: time.Now().Add(signInTime),
	})
	return flow.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), err
}

// FinishSignIn signs in whom the provider sends back with a code. It answers UNAUTHENTICATED or FORBIDDEN when the person does
// not come in.
func (p *People) FinishSignIn(ctx context.Context, state, code, userAgent string) (in *model.LoginPayload, echo string, err error) {
	begun, err := p.SignIns.TakeSignIn(ctx, Hash(state))
	if err != nil {
		return nil, "", err
	}
	token, err := p.Provider.exchange(ctx, code, begun.Verifier)
	if err != nil {
		return nil, "", err
	}
	id, _, err := p.Provider.identify(ctx, token, begun.Nonce)
	if err != nil {
		return nil, "", err
	}
	u, err := p.SignIns.Identify(ctx, id)
	if err != nil {
		return nil, "", err
	}
	in, err = p.signIn(ctx, u, model.SignInMethodOpenidConnect, userAgent)
	return in, begun.Echo, err
}

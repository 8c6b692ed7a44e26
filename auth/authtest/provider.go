// Package authtest has an OpenID Connect provider for tests.
package authtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// ClientID and ClientSecret are those of the one client that a Provider knows.
const ClientID, ClientSecret = "wfd", "between us"

// Provider is an OpenID Connect provider on loopback: it describes itself, has keys that it can change, and signs in whoever it
// is told to, without a question. Its zero value is of no use: New makes one. It is safe for concurrent use.
type Provider struct {
	*httptest.Server
	Busy atomic.Bool // to answer no question

	mu     sync.Mutex // protects what follows
	key    *rsa.PrivateKey
	keyID  string
	person map[string]any
	codes  map[string]url.Values // what the browser asked with
}

// New starts a provider that runs until it is closed. As long as nobody signs in there, it refuses.
func New() *Provider {
	p := &Provider{codes: map[string]url.Values{}}
	p.NewKey("first")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.describe)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.Busy.Load() {
			http.Error(w, "come back later", http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	return p
}

// NewKey has it sign with a new key from now on, and forget the last.
func (p *Provider) NewKey(id string) {
	key := must(rsa.GenerateKey(rand.Reader, 2048))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.key, p.keyID = key, id
}

func (p *Provider) describe(w http.ResponseWriter, _ *http.Request) {
	p.write(w, map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
	})
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.write(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: p.keyID, Algorithm: "RS256", Use: "sig"}}})
}

func (p *Provider) write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// authorize sends the browser back at once, as if the person had signed in, or thought better of it.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query()
	back, err := url.Parse(asked.Get("redirect_uri"))
	if err != nil || asked.Get("client_id") != ClientID || asked.Get("response_type") != "code" || asked.Get("code_challenge_method") != "S256" ||
		!strings.Contains(asked.Get("scope"), "openid") {
		http.Error(w, "invalid_request", http.StatusBadRequest)
		return
	}
	answer := url.Values{"state": {asked.Get("state")}}
	p.mu.Lock()
	if p.person == nil {
		answer.Set("error", "access_denied")
	} else {
		answer.Set("code", rand.Text())
		p.codes[answer.Get("code")] = asked
	}
	p.mu.Unlock()
	back.RawQuery = answer.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// token gives a token for a code, once, to whom can prove to have asked for it.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	asked, ok := p.codes[r.PostFormValue("code")]
	delete(p.codes, r.PostFormValue("code"))
	p.mu.Unlock()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	id, secret, _ := r.BasicAuth()
	secret, _ = url.QueryUnescape(secret) // it was escaped, as OAuth has it
	if !ok || id != ClientID || secret != ClientSecret || base64.RawURLEncoding.EncodeToString(sum[:]) != asked.Get("code_challenge") ||
		r.PostFormValue("redirect_uri") != asked.Get("redirect_uri") {
		w.WriteHeader(http.StatusBadRequest)
		p.write(w, map[string]any{"error": "invalid_grant"})
		return
	}
	p.write(w, map[string]any{
		"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 300, "id_token": p.Sign(map[string]any{"nonce": asked.Get("nonce")}),
	})
}

// Sign makes a token about the person, with some claims added or changed; nil takes one out.
func (p *Provider) Sign(change map[string]any) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	claims := map[string]any{"iss": p.URL, "aud": ClientID, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()}
	maps.Copy(claims, p.person)
	maps.Copy(claims, change)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	signer := must(jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: p.key, KeyID: p.keyID}}, nil))
	return must(jwt.Signed(signer).Claims(claims).Serialize())
}

// PublicKey is what anybody can know of the key with which it signs.
func (p *Provider) PublicKey() rsa.PublicKey {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.key.PublicKey
}

// SignsIn names the person that it signs in from now on, by the claims of the tokens about it; nil is nobody, who is refused.
func (p *Provider) SignsIn(person map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.person = person
}

// must is for what cannot fail with the arguments that it is given here.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

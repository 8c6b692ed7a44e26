package server_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/gorilla/websocket"

	"workflowfactory/auth"
	"workflowfactory/auth/authtest"
	"workflowfactory/model"
	"workflowfactory/server"
)

func newProvider(t *testing.T) *authtest.Provider {
	p := authtest.New()
	t.Cleanup(p.Close)
	return p
}

var ada = map[string]any{"sub": "1", "email": "ada@example.com", "email_verified": true, "name": "Ada", "roles": []string{"staff", "leads"}}

// startWith starts a server that trusts the provider.
func startWith(t *testing.T, p *authtest.Provider, change func(*auth.Provider)) *world {
	t.Helper()
	return start(t, func(c *server.Config) {
		c.Provider = &auth.Provider{
			Issuer: p.URL, Audience: authtest.ClientID, Secret: authtest.ClientSecret, RoleClaim: "roles",
			Roles: map[string]model.Role{"staff": model.RoleViewer, "leads": model.RoleManager},
		}
		if change != nil {
			change(c.Provider)
		}
	})
}

const whoAmI = `{ viewer { __typename id name ... on User { email role } } }`

func TestProvidersTokensAreCredentials(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	p.SignsIn(ada)
	w := startWith(t, p, nil)
	token := p.Sign(nil)
	first := mustJSON(t, w.query(token, whoAmI, nil).Data)
	if !strings.Contains(first, `"email":"ada@example.com"`) || !strings.Contains(first, `"name":"Ada"`) || !strings.Contains(first, `"role":"MANAGER"`) {
		t.Fatalf("%s", first)
	}
	if again := mustJSON(t, w.query(p.Sign(map[string]any{"jti": "2"}), whoAmI, nil).Data); again != first {
		t.Errorf("the next token is of %s", again)
	}
	s := w.dial(nil)
	s.open(`{"authorization": "Bearer ` + token + `"}`)
	if answer := s.run("1", whoAmI); !strings.Contains(answer, "ada@example.com") {
		t.Errorf("on a socket: %s", answer)
	}
	p.NewKey("second") // which is fetched when a token names it
	if r := w.query(p.Sign(map[string]any{"jti": "3"}), whoAmI, nil); r.code() != "" {
		t.Errorf("a token with the provider's next key: %+v", r)
	}
	later := time.Now().Add(2 * time.Second).Unix()
	demoted := p.Sign(map[string]any{"roles": "staff", "iat": later})
	if r := w.query(demoted, whoAmI, nil); !strings.Contains(mustJSON(t, r.Data), `"role":"VIEWER"`) {
		t.Errorf("a lesser role: %+v", r)
	}
	stops(t, func() bool { // what an older token says counts no more
		return strings.Contains(mustJSON(t, w.query(token, whoAmI, nil).Data), `"role":"VIEWER"`)
	})
	if code := s.closed(); code != 4403 {
		t.Errorf("the socket of the greater role was closed with %d", code)
	}
}

func TestProvidersTokensThatDoNotConvince(t *testing.T) {
	t.Parallel()
	p, stranger := newProvider(t), newProvider(t)
	p.SignsIn(ada)
	stranger.SignsIn(ada)
	w := startWith(t, p, nil)
	unsigned := func() string {
		parts := strings.Split(p.Sign(nil), ".")
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
	}
	hmac := func() string { // signed with the public key, as if that were a shared secret
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: p.PublicKey().N.Bytes()}, nil)
		if err != nil {
			t.Fatal(err)
		}
		token, err := jwt.Signed(signer).Claims(map[string]any{"iss": p.URL, "aud": authtest.ClientID, "sub": "1", "exp": time.Now().Add(time.Hour).Unix()}).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	for name, c := range map[string]struct{ token, code string }{
		"for somebody else":        {p.Sign(map[string]any{"aud": "another"}), "UNAUTHENTICATED"},
		"of another issuer":        {p.Sign(map[string]any{"iss": "https://elsewhere.example.com"}), "UNAUTHENTICATED"},
		"expired":                  {p.Sign(map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}), "UNAUTHENTICATED"},
		"not yet good":             {p.Sign(map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}), "UNAUTHENTICATED"},
		"another provider's":       {stranger.Sign(map[string]any{"iss": p.URL}), "UNAUTHENTICATED"},
		"unsigned":                 {unsigned(), "UNAUTHENTICATED"},
		"signed with a public key": {hmac(), "UNAUTHENTICATED"},
		"nonsense":                 {"a.b.c", "UNAUTHENTICATED"},
		"without a role":           {p.Sign(map[string]any{"roles": nil}), "FORBIDDEN"},
		"with a role of no use":    {p.Sign(map[string]any{"roles": []string{"ADMIN"}}), "FORBIDDEN"},
		"without an address":       {p.Sign(map[string]any{"email": nil}), "FORBIDDEN"},
	} {
		if r := w.query(c.token, `{ __typename }`, nil); r.code() != c.code || r.Data != nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
	_, admin := w.key(model.RoleAdmin)
	if r := w.query(admin, `{ users { totalCount } }`, nil); mustJSON(t, r.Data) != `{"users":{"totalCount":0}}` {
		t.Errorf("they made accounts: %+v", r)
	}
}

func TestProvidersPeopleAndOurs(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	p.SignsIn(ada)
	w := startWith(t, p, nil)
	_, admin := w.key(model.RoleAdmin)
	id := w.person("ADA@example.com", model.RoleViewer)
	if r := w.query(p.Sign(map[string]any{"email_verified": false}), whoAmI, nil); r.code() != "FORBIDDEN" {
		t.Errorf("who says to have the address: %+v", r)
	}
	if r := w.query(p.Sign(nil), whoAmI, nil); !strings.Contains(mustJSON(t, r.Data), id) {
		t.Errorf("who has the address: %+v", r)
	}
	if r := w.query(p.Sign(map[string]any{"sub": "2"}), whoAmI, nil); r.code() != "FORBIDDEN" {
		t.Errorf("somebody else with the address: %+v", r)
	}
	token := p.Sign(map[string]any{"jti": "x"})
	s := w.dial(nil)
	s.open(`{"authorization": "Bearer ` + token + `"}`)
	if r := w.query(admin, `mutation($id: ID!) { deactivateUser(input: {id: $id}) { user { active } } }`, map[string]any{"id": id}); r.code() != "" {
		t.Fatalf("%+v", r)
	}
	if code := s.closed(); code != 4403 {
		t.Errorf("the socket of who was deactivated was closed with %d", code)
	}
	stops(t, func() bool { return w.query(token, whoAmI, nil).code() == "UNAUTHENTICATED" })
	if r := w.query(p.Sign(map[string]any{"jti": "y"}), whoAmI, nil); r.code() != "UNAUTHENTICATED" {
		t.Errorf("who was deactivated, with a new token: %+v", r)
	}
}

func TestSocketsEndWithTheProvidersToken(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	p.SignsIn(ada)
	w := startWith(t, p, nil)
	s := w.dial(nil)
	s.open(`{"authorization": "Bearer ` + p.Sign(map[string]any{"exp": time.Now().Add(5 * time.Second).Unix()}) + `"}`) // also on a busy machine
	if code := s.closed(); code != 4403 {
		t.Errorf("closed with %d", code)
	}
}

// A provider that does not answer says nothing about its tokens: who has one is told to try again, not to sign in again.
func TestProvidersThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	p.SignsIn(ada)
	w := startWith(t, p, func(provider *auth.Provider) { provider.Callback = "http://127.0.0.1" + server.CallbackPath })
	later := func(when string) {
		t.Helper()
		token := p.Sign(map[string]any{"jti": when})
		response, body := w.ask(http.MethodPost, "/graphql", `{"query": "{ __typename }"}`, "Content-Type: application/json", "Authorization: Bearer "+token)
		if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" || !strings.Contains(body, `"INTERNAL"`) || !strings.Contains(body, "try again") {
			t.Errorf("%s: %s %s", when, response.Status, body)
		}
		s := w.dial(nil)
		s.send(message{Type: "connection_init", Payload: []byte(`{"authorization": "Bearer ` + token + `"}`)})
		if code := s.closed(); code != websocket.CloseTryAgainLater {
			t.Errorf("%s: the socket is closed with %d", when, code)
		}
	}
	p.Busy.Store(true)
	later("before it was ever asked")
	if response, _ := w.ask(http.MethodGet, server.SignInPath, ""); !strings.Contains(response.Header.Get("Location"), "try+again") {
		t.Errorf("a browser is sent to %s", response.Header.Get("Location"))
	}
	p.Busy.Store(false)
	if r := w.query(p.Sign(nil), `{ __typename }`, nil); r.code() != "" {
		t.Fatalf("%+v", r)
	}
	begun, _ := w.ask(http.MethodGet, server.SignInPath, "")
	there, err := begun.Location()
	if err != nil {
		t.Fatal(err)
	}
	p.NewKey("second")
	p.Busy.Store(true)
	later("for a key that it has since")
	back := server.CallbackPath + "?" + url.Values{"code": {"x"}, "state": {there.Query().Get("state")}}.Encode()
	if response, _ := w.ask(http.MethodGet, back, ""); !strings.Contains(response.Header.Get("Location"), "try+again") {
		t.Errorf("a browser that comes back is sent to %s", response.Header.Get("Location"))
	}
	p.Close()
	later("once it is gone")
}

func TestBrowsersSignInAtTheProvider(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	p.SignsIn(ada)
	var of *auth.Provider
	w := startWith(t, p, func(provider *auth.Provider) {
		of, provider.Callback = provider, "http://will-be-set"
	})
	of.Callback = w.url + server.CallbackPath
	if r := w.query("", `{ signInOptions { password openIdConnectUrl } }`, nil); !strings.Contains(mustJSON(t, r.Data), server.SignInPath) {
		t.Errorf("%+v", r)
	}
	follow := func(address string) *url.URL {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		to, err := response.Location()
		if err != nil || response.Header.Get("Set-Cookie") != "" {
			t.Fatalf("%s leads nowhere: %s %v", address, response.Status, response.Header)
		}
		return to
	}
	landing := func(u *url.URL) url.Values {
		values, err := url.ParseQuery(u.Fragment)
		if err != nil || u.Path != "/" || u.RawQuery != "" {
			t.Fatalf("landed at %s", u)
		}
		return values
	}
	there := follow(w.url + server.SignInPath + "?nonce=of-the-page")
	back := follow(there.String())
	in := landing(follow(back.String()))
	if in.Get("nonce") != "of-the-page" || in.Get("error") != "" {
		t.Fatalf("%v", in)
	}
	r := w.query(in.Get("key"), `{ viewer { ... on User { email role sessions { edges { node { method current } } } } } }`, nil)
	if got := mustJSON(t, r.Data); !strings.Contains(got, `"role":"MANAGER"`) || !strings.Contains(got, `"method":"OPENID_CONNECT"`) || !strings.Contains(got, `"current":true`) {
		t.Errorf("%+v", r)
	}
	if again := landing(follow(back.String())); again.Get("key") != "" || again.Get("error") == "" {
		t.Errorf("the same way back a second time: %v", again)
	}
	second := follow(follow(w.url + server.SignInPath).String())
	forged := second.Query()
	forged.Set("code", "made-up")
	second.RawQuery = forged.Encode()
	if in := landing(follow(second.String())); in.Get("key") != "" || in.Get("error") == "" {
		t.Errorf("with a code of somebody else: %v", in)
	}
	p.SignsIn(map[string]any{"sub": "9", "email": "eve@example.com"})
	if in := landing(follow(follow(follow(w.url + server.SignInPath).String()).String())); in.Get("key") != "" || !strings.Contains(in.Get("error"), "no role") {
		t.Errorf("without a role: %v", in)
	}
	if in := landing(follow(w.url + server.CallbackPath + "?error=access_denied&state=x")); in.Get("key") != "" || !strings.Contains(in.Get("error"), "access_denied") {
		t.Errorf("who thought better of it: %v", in)
	}
}

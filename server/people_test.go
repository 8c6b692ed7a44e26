package server_test

import (
	"net/http"
	"strings"
	"testing"

	"workflowfactory/model"
	"workflowfactory/server"
)

const passphrase = "correct horse battery"

// person makes an account and gives its id.
func (w *world) person(email string, role model.Role) string {
	w.t.Helper()
	_, admin := w.key(model.RoleAdmin)
	r := w.query(admin, `mutation($i: CreateUserInput!) { createUser(input: $i) { password cursor user { id email name role active version } } }`,
		map[string]any{"i": map[string]any{"email": email, "name": "Ada", "role": role, "password": passphrase}})
	if r.code() != "" {
		w.t.Fatalf("%+v", r)
	}
	payload := r.Data["createUser"].(map[string]any)
	if payload["password"] != nil {
		w.t.Errorf("a password that was given is told: %v", payload)
	}
	return payload["user"].(map[string]any)["id"].(string)
}

const login = `mutation($email: String!, $password: String!) { login(input: {email: $email, password: $password}) {
	token expiresAt cursor user { id email role sessions { totalCount } } session { id method userAgent current endsAt user { email } } } }`

func (w *world) tryLogin(email, password string) result {
	w.t.Helper()
	return w.query("", login, map[string]any{"email": email, "password": password})
}

// login signs in and gives the token and the id of the session.
func (w *world) login(email, password string) (token, session string) {
	w.t.Helper()
	r := w.tryLogin(email, password)
	if r.code() != "" {
		w.t.Fatalf("%+v", r)
	}
	payload := r.Data["login"].(map[string]any)
	return payload["token"].(string), payload["session"].(map[string]any)["id"].(string)
}

func TestPeopleSignInAndOut(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	id := w.person("ada@example.com", model.RoleManager)
	r := w.tryLogin("ADA@example.com", passphrase)
	if got := mustJSON(t, r.Data); r.code() != "" || !strings.Contains(got, `"email":"ada@example.com"`) || !strings.Contains(got, `"totalCount":1`) ||
		!strings.Contains(got, `"current":true`) || !strings.Contains(got, `"userAgent":"Go-http-client/1.1"`) {
		t.Errorf("%+v", r)
	}
	token, _ := w.login("ada@example.com", passphrase)
	who := w.query(token, `{ viewer { __typename id name ... on User { email role sessions { edges { node { current method } } } } } }`, nil)
	if got := mustJSON(t, who.Data); !strings.Contains(got, id) || !strings.Contains(got, `"__typename":"User"`) || !strings.Contains(got, "ada@example.com") ||
		strings.Count(got, `"current":true`) != 1 || strings.Count(got, "PASSWORD") != 2 {
		t.Errorf("%s", got)
	}
	made := w.query(token, `mutation { createWorkflow(input: {name: "x"}) { workflow { createdBy { __typename id } } } }`, nil)
	if got := mustJSON(t, made.Data); !strings.Contains(got, id) {
		t.Errorf("who did it: %s", got)
	}
	out := w.query(token, `mutation { logout { cursor session { revokedAt current } } }`, nil)
	if got := mustJSON(t, out.Data); out.code() != "" || strings.Contains(got, `"revokedAt":null`) {
		t.Errorf("%+v", out)
	}
	stops(t, func() bool { return w.query(token, `{ __typename }`, nil).Status == http.StatusUnauthorized })
}

// What is answered must not tell who has an account.
func TestWrongLoginsAreAllAnsweredTheSame(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	_, admin := w.key(model.RoleAdmin)
	w.person("ada@example.com", model.RoleManager)
	gone := w.person("gone@example.com", model.RoleManager)
	if r := w.query(admin, `mutation($id: ID!) { deactivateUser(input: {id: $id, reason: "left"}) { user { active } } }`, map[string]any{"id": gone}); r.code() != "" {
		t.Fatalf("%+v", r)
	}
	messages := map[string]bool{}
	for _, c := range [][2]string{
		{"ada@example.com", "wrong password here"}, {"ada@example.com", ""}, {"eve@example.com", passphrase}, {"gone@example.com", passphrase}, {"", passphrase}, {"ada@example.com ", passphrase},
	} {
		r := w.tryLogin(c[0], c[1])
		if r.code() != "UNAUTHENTICATED" {
			t.Errorf("%q: %+v", c, r)
			continue
		}
		messages[r.Errors[0].Message] = true
	}
	if len(messages) != 1 {
		t.Errorf("answered with %v", messages)
	}
	if r := w.tryLogin("ada@example.com", strings.Repeat("x", 1025)); r.code() != "BAD_USER_INPUT" || r.Errors[0].Extensions["field"] != "password" {
		t.Errorf("%+v", r)
	}
}

func TestLoginsAreBounded(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *server.Config) { c.Logins = server.LoginRates{Account: 2, Address: 5} })
	body := func(email string) (*http.Response, string) {
		return w.ask(http.MethodPost, "/graphql", `{"query": "mutation { login(input: {email: \"`+email+`\", password: \"x\"}) { token } }"}`, "Content-Type: application/json")
	}
	codes := ""
	for _, email := range []string{"a@example.com", "A@example.com", "a@example.com", "b@example.com", "c@example.com", "d@example.com"} {
		response, text := body(email)
		limited := strings.Contains(text, `"code":"RATE_LIMITED"`)
		if limited != (response.Header.Get("Retry-After") != "") {
			t.Errorf("%v %s", response.Header, text)
		}
		codes += map[bool]string{true: "x", false: "."}[limited]
	}
	if codes != "..x..x" {
		t.Errorf("refused %s", codes)
	}
}

func TestPasswordsChange(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	_, admin := w.key(model.RoleAdmin)
	id := w.person("ada@example.com", model.RoleViewer)
	other := w.person("eve@example.com", model.RoleViewer)
	token, _ := w.login("ada@example.com", passphrase)
	elsewhere, _ := w.login("ada@example.com", passphrase)
	const change = `mutation($i: ChangePasswordInput!) { changePassword(input: $i) { password cursor user { email } } }`
	for _, c := range []struct {
		key   string
		input map[string]any
		code  string
		field any
	}{
		{token, map[string]any{"newPassword": "a new password"}, "BAD_USER_INPUT", "currentPassword"},
		{token, map[string]any{"currentPassword": "wrong", "newPassword": "a new password"}, "BAD_USER_INPUT", "currentPassword"},
		{token, map[string]any{"currentPassword": passphrase, "newPassword": "short"}, "BAD_USER_INPUT", "newPassword"},
		{token, map[string]any{"currentPassword": passphrase, "newPassword": strings.Repeat("ä", 513)}, "BAD_USER_INPUT", "newPassword"},
		{token, map[string]any{"userId": other, "newPassword": "a new password"}, "FORBIDDEN", nil},
		{admin, map[string]any{"newPassword": "a new password"}, "BAD_USER_INPUT", "userId"},
		{admin, map[string]any{"userId": "user_nothing"}, "NOT_FOUND", nil},
		{token, map[string]any{"currentPassword": passphrase, "newPassword": "a new password"}, "", nil},
	} {
		r := w.query(c.key, change, map[string]any{"i": c.input})
		if r.code() != c.code || c.code != "" && r.Errors[0].Extensions["field"] != c.field {
			t.Errorf("%v: %+v", c.input, r)
		}
	}
	stops(t, func() bool { return w.query(elsewhere, `{ __typename }`, nil).Status == http.StatusUnauthorized })
	if r := w.query(token, `{ viewer { id } }`, nil); r.code() != "" {
		t.Errorf("the session that changed it: %+v", r)
	}
	if r := w.tryLogin("ada@example.com", passphrase); r.code() != "UNAUTHENTICATED" {
		t.Errorf("the password of before: %+v", r)
	}
	w.login("ada@example.com", "a new password")
	given := w.query(admin, change, map[string]any{"i": map[string]any{"userId": id}})
	made, _ := given.Data["changePassword"].(map[string]any)["password"].(string)
	if len(made) < 20 {
		t.Fatalf("%+v", given)
	}
	w.login("ada@example.com", made)
}

func TestPeopleSeeTheirOwn(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	_, admin := w.key(model.RoleAdmin)
	ada, eve := w.person("ada@example.com", model.RoleManager), w.person("eve@example.com", model.RoleManager)
	adaToken, _ := w.login("ada@example.com", passphrase)
	eveToken, eveSession := w.login("eve@example.com", passphrase)
	task := w.query(adaToken, `mutation { createWorkflow(input: {name: "x", tasks: [{key: "a", name: "a"}]}) { workflow { tasks { edges { node { id } } } } } }`, nil)
	taskID := strings.Split(mustJSON(t, task.Data), `"id":"`)[1]
	taskID = taskID[:strings.Index(taskID, `"`)]
	w.query(adaToken, `mutation($t: ID!) { addComment(input: {taskId: $t, body: "hello"}) { cursor } }`, map[string]any{"t": taskID})
	const thread = `query($t: ID!) { comments(taskId: $t) { edges { node { author { id name ... on User { email sessions { totalCount } } } } } } }`
	for who, c := range map[string]struct {
		key   string
		shown bool
	}{"oneself": {adaToken, true}, "another": {eveToken, false}, "an administrator": {admin, true}} {
		r := w.query(c.key, thread, map[string]any{"t": taskID})
		if got := mustJSON(t, r.Data); r.code() != "" || strings.Contains(got, "ada@example.com") != c.shown || strings.Contains(got, `"sessions":null`) == c.shown || !strings.Contains(got, ada) {
			t.Errorf("%s: %+v", who, r)
		}
	}
	nodes := `query($ids: [ID!]!) { nodes(ids: $ids) { id } }`
	ids := map[string]any{"ids": []string{ada, eve, eveSession}}
	if r := w.query(adaToken, nodes, ids); mustJSON(t, r.Data) != `{"nodes":[{"id":"`+ada+`"},null,null]}` {
		t.Errorf("%+v", r)
	}
	if r := w.query(admin, nodes, ids); strings.Contains(mustJSON(t, r.Data), "null") {
		t.Errorf("%+v", r)
	}
	end := `mutation($id: ID!) { revokeSession(input: {id: $id}) { session { revokedAt } } }`
	if r := w.query(adaToken, end, map[string]any{"id": eveSession}); r.code() != "NOT_FOUND" {
		t.Errorf("somebody else's session: %+v", r)
	}
	if r := w.query(admin, `{ users { totalCount edges { node { email } } } sessions { totalCount edges { node { user { email } } } } }`, nil); strings.Count(mustJSON(t, r.Data), "@example.com") != 4 {
		t.Errorf("%+v", r)
	}
	for _, query := range []string{`{ events(filter: {entityType: {in: [USER, SESSION]}}) { edges { node { type } } } }`, `{ events { edges { node { __typename } } } }`} {
		if r := w.query(adaToken, query, nil); r.code() != "" || strings.Contains(mustJSON(t, r.Data), "Access") || strings.Contains(mustJSON(t, r.Data), "SESSION") {
			t.Errorf("%s: %+v", query, r)
		}
	}
	log := w.query(admin, `{ events(filter: {entityType: {eq: SESSION}}) { edges { node { type actor { id } changes { field } ... on AccessEvent { userId sessionId } } } } }`, nil)
	if got := mustJSON(t, log.Data); !strings.Contains(got, eveSession) || !strings.Contains(got, `"userId":"`+eve+`"`) || !strings.Contains(got, `"actor":{"id":"`+eve+`"}`) {
		t.Errorf("%s", got)
	}
}

func TestOpenSocketsEndWithWhatOpenedThem(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	_, admin := w.key(model.RoleAdmin)
	ada, eve := w.person("ada@example.com", model.RoleViewer), w.person("eve@example.com", model.RoleManager)
	watching := func(token string) *socket {
		s := w.dial(nil)
		s.open(`{"authorization": "Bearer ` + token + `"}`)
		s.subscribe("1", `subscription { workflowEvents { id } }`)
		return s
	}
	deactivated, _ := w.login("ada@example.com", passphrase)
	revoked, session := w.login("eve@example.com", passphrase)
	promoted, _ := w.login("eve@example.com", passphrase)
	for name, c := range map[string]struct {
		socket *socket
		change string
		id     string
	}{
		"the person is deactivated": {watching(deactivated), `mutation($id: ID!) { deactivateUser(input: {id: $id}) { cursor } }`, ada},
		"the session is revoked":    {watching(revoked), `mutation($id: ID!) { revokeSession(input: {id: $id}) { cursor } }`, session},
		"the role is another":       {watching(promoted), `mutation($id: ID!) { updateUser(input: {id: $id, role: VIEWER}) { cursor } }`, eve},
	} {
		if r := w.query(admin, c.change, map[string]any{"id": c.id}); r.code() != "" {
			t.Fatalf("%s: %+v", name, r)
		}
		if code := c.socket.closed(); code != 4403 {
			t.Errorf("%s: closed with %d", name, code)
		}
	}
	if r := w.query(promoted, `{ viewer { ... on User { role } } }`, nil); !strings.Contains(mustJSON(t, r.Data), "VIEWER") {
		t.Errorf("with the other role the session goes on: %+v", r)
	}
}

package transport_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"workflowfactory/transport"
)

func trusting(t *testing.T, texts ...string) (transport.Trusted, []string) {
	t.Helper()
	trusted := transport.Trusted{}
	var hashes []string
	for _, text := range texts {
		doc, err := parser.ParseQuery(&ast.Source{Input: text})
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, trusted.Add(doc))
	}
	return trusted, hashes
}

func TestOnlyTrustedDocumentsAreRun(t *testing.T) {
	t.Parallel()
	trusted, hashes := trusting(t, `query A { hello ...B } fragment B on Query { hello }`)
	w := serve(t, func(c *transport.Config) { c.Trusted = trusted })
	for query, runs := range map[string]bool{
		`query A { hello ...B } fragment B on Query { hello }`:                           true,
		`fragment B on Query{hello __typename}query A{__typename hello ...B #comment`:    false, // no GraphQL
		"fragment B on Query{hello __typename}query A{__typename hello ...B #comment\n}": true,
		`query A { hello ...B } fragment B on Query { hi: hello }`:                       false,
		`query B { hello ...B } fragment B on Query { hello }`:                           false,
		`{ hello }`:      false,
		`{ __typename }`: false,
		`query A { hello typename: __typename ...B } fragment B on Query { hello }`: false,
	} {
		_, body := w.post(fmt.Sprintf(`{"query":%q}`, query))
		if ran := strings.Contains(body, `"hello":"hello"`); ran != runs {
			t.Errorf("%s: %s", query, body)
		}
		if !runs && !strings.Contains(body, "FORBIDDEN") && !strings.Contains(body, "GRAPHQL_PARSE_FAILED") {
			t.Errorf("%s: %s", query, body)
		}
	}
	if _, body := w.post(byHash("", hashes[0])); !strings.Contains(body, `"hello":"hello"`) {
		t.Errorf("by its hash: %s", body)
	}
	if _, body := w.post(byHash("", strings.Repeat("0", 64))); !strings.Contains(body, transport.CodePersistedQueryNotFound) {
		t.Errorf("by another hash: %s", body)
	}
	c := w.open()
	c.subscribe("1", `{hello}`, "")
	c.expectError("1", "FORBIDDEN")
}

func TestManifestsAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	trusted, _ := trusting(t, `{ hello }`, `query A($a: String = "<&>\"") { hello }`)
	var written bytes.Buffer
	if err := trusted.Write(&written); err != nil {
		t.Fatal(err)
	}
	text := written.String()
	read, err := transport.ReadTrusted(strings.NewReader(text))
	if err != nil || len(read) != 2 {
		t.Fatalf("%d documents, %v", len(read), err)
	}
	for name, broken := range map[string]string{
		"changed": strings.Replace(text, "hello", "hi", 1), "no JSON": text[:20], "no GraphQL": strings.Replace(text, "hello", "{", 1), "a list": "[]",
	} {
		if _, err := transport.ReadTrusted(strings.NewReader(broken)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func byHash(query, hash string) string {
	text := ""
	if query != "" {
		text = fmt.Sprintf(`"query":%q,`, query)
	}
	return fmt.Sprintf(`{%s"extensions":{"persistedQuery":{"version":1,"sha256Hash":%q}}}`, text, hash)
}

func sum(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

// Who may persist documents sends a hash first, then both, and from then on the hash alone; nobody else can.
func TestDocumentsArePersistedForThoseWhoMay(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) {
		c.Persists = func(ctx context.Context) bool { return callerOf(ctx) != "" }
		c.Limits.PersistedBytes = 4 << 10 // room for three
	})
	const query = `query Persisted { hello }`
	ask := func(body string, headers ...string) string { _, answer := w.post(body, headers...); return answer }
	for _, step := range []struct {
		what, body, caller, want string
	}{
		{"not known yet", byHash("", sum(query)), "a", `"message":"PersistedQueryNotFound","extensions":{"code":"PERSISTED_QUERY_NOT_FOUND"}`},
		{"by nobody", byHash(query, sum(query)), "", `"hello":"hello"`},
		{"which keeps nothing", byHash("", sum(query)), "a", "PERSISTED_QUERY_NOT_FOUND"},
		{"another document", byHash(`{ hello }`, sum(query)), "a", "BAD_USER_INPUT"},
		{"not valid", byHash(`{ nonsense }`, sum(`{ nonsense }`)), "a", "GRAPHQL_VALIDATION_FAILED"},
		{"and not kept", byHash("", sum(`{ nonsense }`)), "a", "PERSISTED_QUERY_NOT_FOUND"},
		{"with both", byHash(query, sum(query)), "a", `"hello":"hello"`},
		{"with the hash", byHash("", sum(query)), "b", `"hello":"hello"`},
		{"by nobody", byHash("", sum(query)), "", "PERSISTED_QUERY_NOT_FOUND"},
		{"no hash", byHash("", "00"), "a", "BAD_USER_INPUT"},
	} {
		if answer := ask(step.body, "Caller", step.caller); !strings.Contains(answer, step.want) {
			t.Errorf("%s: %s, which lacks %s", step.what, answer, step.want)
		}
	}
	for i := range 5 {
		other := fmt.Sprintf(`query Other%d { hello }`, i)
		ask(byHash(other, sum(other)), "Caller", "a")
	}
	if answer := ask(byHash("", sum(query)), "Caller", "a"); !strings.Contains(answer, "PERSISTED_QUERY_NOT_FOUND") {
		t.Errorf("after others took its place: %s", answer)
	}
}

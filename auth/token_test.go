package auth

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"workflowfactory/model"
)

func TestMintedKeys(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		k, secret, err := Mint(model.CreateAPIKeyInput{Name: "robot", Role: model.RoleManager}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if id, ok := subjectOf(secret); !ok || id != k.ID {
			t.Fatalf("%s names %s, %t; want %s", secret, id, ok, k.ID)
		}
		if !strings.HasPrefix(secret, k.Prefix+"_") || len(secret) != len(k.Prefix)+1+secretLength+checksumLength {
			t.Fatalf("%s has the prefix %s", secret, k.Prefix)
		}
		if !bytes.Equal(k.SecretHash, Hash(secret)) || bytes.Contains(k.SecretHash, []byte(secret)) {
			t.Fatal("the hash is not that of the secret")
		}
		part := secret[len(k.Prefix):]
		if seen[part] {
			t.Fatal("a secret was given twice")
		}
		seen[part] = true
	}
}

func TestKeysThatMustNotBe(t *testing.T) {
	t.Parallel()
	now := time.Now()
	agent := model.NewID(model.KindAgent)
	for field, in := range map[string]model.CreateAPIKeyInput{
		"name":      {Name: " ", Role: model.RoleViewer},
		"name ":     {Name: strings.Repeat("ä", 201), Role: model.RoleViewer},
		"role":      {Name: "x", Role: "ROOT"},
		"agentId":   {Name: "x", Role: model.RoleViewer, AgentID: &agent},
		"expiresAt": {Name: "x", Role: model.RoleViewer, ExpiresAt: &now},
	} {
		field = strings.TrimSpace(field)
		if _, secret, err := Mint(in, now); code(err) != model.BadUserInput || err.(*model.Error).Field != field || secret != "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, _, err := Mint(model.CreateAPIKeyInput{Name: strings.Repeat("ä", 200), Role: model.RoleAgent, AgentID: &agent}, now); err != nil {
		t.Error(err)
	}
}

func FuzzSubjectOf(f *testing.F) {
	_, secret, _ := Mint(model.CreateAPIKeyInput{Name: "x", Role: model.RoleAdmin}, time.Now())
	f.Add(secret)
	f.Add("wfk__")
	f.Add("wfd_admin_0123456789abcdef0123456789abcdef")
	f.Fuzz(func(t *testing.T, token string) {
		id, ok := subjectOf(token)
		if ok && id == AdminKeyID && strings.HasPrefix(token, keyPrefix) {
			t.Errorf("%q reaches the installed key", token)
		}
		if ok && id.Kind() != model.KindAPIKey {
			t.Errorf("%q names %s", token, id)
		}
	})
}

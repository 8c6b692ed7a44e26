package db

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"workflowfactory/db/dbtest"
	"workflowfactory/model"
)

func openAccess(t *testing.T) Access {
	t.Helper()
	d, err := Open(t.Context(), dbtest.URL(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return Access{DB: d}
}

func codeOf(err error) model.Code {
	if e, ok := errors.AsType[*model.Error](err); ok {
		return e.Code
	}
	return ""
}

func newKey(t *testing.T, r Access, role model.Role) *model.APIKey {
	t.Helper()
	id := model.NewID(model.KindAPIKey)
	k := &model.APIKey{Noun: model.Noun{ID: id}, Name: "robot", Prefix: "wfk_x", SecretHash: id[:], Role: role}
	if _, err := r.CreateKey(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	return k
}

func readKey(t *testing.T, r Access, id model.ID) *model.APIKey {
	t.Helper()
	k := &model.APIKey{Noun: model.Noun{ID: id}}
	if err := r.bun.NewSelect().Model(k).WherePK().Scan(t.Context()); err != nil {
		t.Fatal(err)
	}
	return k
}

// told lists what the log tells of a noun, oldest first.
func told(t *testing.T, d *DB, id model.ID) []string {
	t.Helper()
	var types []string
	err := d.bun.NewSelect().Table("events").Column("type").Where("entity_id = ?", id).OrderExpr("seq").Scan(t.Context(), &types)
	if err != nil {
		t.Fatal(err)
	}
	return types
}

func TestKeyLife(t *testing.T) {
	t.Parallel()
	r := openAccess(t)
	k := newKey(t, r, model.RoleManager)
	kept := readKey(t, r, k.ID)
	if kept.Name != "robot" || !bytes.Equal(kept.SecretHash, k.SecretHash) || kept.Role != model.RoleManager || kept.Version != 1 ||
		kept.RevokedAt != nil || kept.CreatedAt.IsZero() {
		t.Errorf("kept %+v", kept)
	}
	p, err := r.RevokeKey(t.Context(), k.ID)
	if err != nil || p.APIKey.RevokedAt == nil || p.Seq == 0 {
		t.Fatalf("%+v, %v", p, err)
	}
	again, err := r.RevokeKey(t.Context(), k.ID)
	if err != nil || again.Seq != 0 || !again.APIKey.RevokedAt.Equal(*p.APIKey.RevokedAt) {
		t.Errorf("revoked again: %+v, %v", again, err)
	}
	if kept = readKey(t, r, k.ID); kept.RevokedAt == nil || kept.Version != 2 {
		t.Errorf("kept %+v", kept)
	}
	if got, want := told(t, r.DB, k.ID), []string{"API_KEY_CREATED", "API_KEY_REVOKED"}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}

func TestRevokingNothing(t *testing.T) {
	t.Parallel()
	r := openAccess(t)
	if _, err := r.RevokeKey(t.Context(), model.NewID(model.KindAPIKey)); codeOf(err) != model.NotFound {
		t.Errorf("%v", err)
	}
	if found, err := r.Credentials(t.Context(), []model.ID{model.NewID(model.KindAPIKey)}); err != nil || len(found) != 0 {
		t.Errorf("%v, %v", found, err)
	}
}

func TestKeyOfAnAgentThatIsNotThere(t *testing.T) {
	t.Parallel()
	r := openAccess(t)
	id := model.NewID(model.KindAPIKey)
	k := &model.APIKey{Noun: model.Noun{ID: id}, Name: "x", SecretHash: id[:], Role: model.RoleAgent, AgentID: model.NewID(model.KindAgent)}
	if _, err := r.CreateKey(t.Context(), k); codeOf(err) != model.NotFound {
		t.Errorf("%v", err)
	}
}

// The log is read by people: no event may hold what the key's secret could be checked against.
func TestEventsKeepNoSecret(t *testing.T) {
	t.Parallel()
	r := openAccess(t)
	k := newKey(t, r, model.RoleManager)
	if _, err := r.RevokeKey(t.Context(), k.ID); err != nil {
		t.Fatal(err)
	}
	var texts []string
	err := r.bun.NewSelect().Table("events").ColumnExpr("concat(snapshot, changes)").Where("entity_id = ?", k.ID).Scan(t.Context(), &texts)
	if err != nil || len(texts) != 2 {
		t.Fatalf("%d events, %v", len(texts), err)
	}
	for _, text := range texts {
		if bytes.Contains(bytes.ToLower([]byte(text)), []byte("secret")) || bytes.Contains(bytes.ToLower([]byte(text)), []byte("hash")) {
			t.Errorf("an event holds %s", text)
		}
	}
}

func TestInstalledKeyFollowsItsSetting(t *testing.T) {
	t.Parallel()
	r := openAccess(t)
	id := model.NewID(model.KindAPIKey)
	install := func(secret string) error {
		k := &model.APIKey{Noun: model.Noun{ID: id}, Name: "admin", Prefix: secret, SecretHash: []byte(secret), Role: model.RoleAdmin}
		return r.InstallKey(t.Context(), k)
	}
	for _, secret := range []string{"one", "one", "two", "two"} {
		if err := install(secret); err != nil {
			t.Fatal(err)
		}
		if k := readKey(t, r, id); string(k.SecretHash) != secret || k.Prefix != secret || k.Role != model.RoleAdmin {
			t.Errorf("after %s: %+v", secret, k)
		}
	}
	if got, want := told(t, r.DB, id), []string{"API_KEY_CREATED", "API_KEY_UPDATED"}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
	if _, err := r.RevokeKey(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := install("two"); codeOf(err) != model.Conflict {
		t.Errorf("the revoked one again: %v", err)
	}
	if err := install("three"); err != nil || readKey(t, r, id).RevokedAt != nil {
		t.Errorf("another one: %v", err)
	}
}

func TestReplicasInstallOneKey(t *testing.T) {
	t.Parallel()
	r := openAccess(t)
	id := model.NewID(model.KindAPIKey)
	var replicas sync.WaitGroup
	for range 8 {
		replicas.Go(func() {
			k := &model.APIKey{Noun: model.Noun{ID: id}, Name: "admin", SecretHash: id[:], Role: model.RoleAdmin}
			if err := r.InstallKey(t.Context(), k); err != nil {
				t.Error(err)
			}
		})
	}
	replicas.Wait()
	if got, want := told(t, r.DB, id), []string{"API_KEY_CREATED"}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}

func newAgent(t *testing.T, ctx context.Context, r Access, name string) *model.Agent {
	t.Helper()
	p, err := Agents(r).Register(ctx, model.RegisterAgentInput{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return p.Agent
}

func TestKeyIsBoundToTheAgentThatRegistersWithIt(t *testing.T) {
	t.Parallel()
	r := openAccess(t)
	k := newKey(t, r, model.RoleAgent)
	asKey := model.WithCaller(t.Context(), model.Caller{ID: k.ID, Role: model.RoleAgent})
	agent := newAgent(t, asKey, r, "A")
	if kept := readKey(t, r, k.ID); kept.AgentID != agent.ID {
		t.Errorf("bound to %s, want %s", kept.AgentID, agent.ID)
	}
	if got, want := told(t, r.DB, k.ID), []string{"API_KEY_CREATED", "API_KEY_UPDATED"}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
	other := newAgent(t, t.Context(), r, "B")
	_, err := r.change(t.Context(), func(ctx context.Context, c *change) error { return bindKey(ctx, c, k.ID, other.ID) })
	if codeOf(err) != model.Forbidden {
		t.Errorf("bound to a second agent: %v", err)
	}
	if _, err := Agents(r).Remove(t.Context(), model.RemoveAgentInput{ID: agent.ID}); err != nil {
		t.Fatal(err)
	}
	if kept := readKey(t, r, k.ID); kept.RevokedAt == nil {
		t.Error("the key of a removed agent still works")
	}
}

func TestUseIsKeptToTheMinuteAndIsNoChange(t *testing.T) {
	t.Parallel()
	r := openAccess(t)
	k := newKey(t, r, model.RoleViewer)
	for range 2 {
		if err := r.MarkUsed(t.Context(), []model.ID{k.ID, model.NewID(model.KindAPIKey)}); err != nil {
			t.Fatal(err)
		}
	}
	kept := readKey(t, r, k.ID)
	if kept.LastUsedAt == nil || kept.LastUsedAt.Truncate(time.Minute) != *kept.LastUsedAt || time.Since(*kept.LastUsedAt) > 2*time.Minute {
		t.Errorf("last used at %v", kept.LastUsedAt)
	}
	if kept.Version != 1 || len(told(t, r.DB, k.ID)) != 1 {
		t.Errorf("version %d, told %v", kept.Version, told(t, r.DB, k.ID))
	}
}

func TestKeysAreListedTheNewestFirst(t *testing.T) {
	t.Parallel()
	r := openAccess(t)
	var made []model.ID
	for range 5 {
		made = append(made, newKey(t, r, model.RoleViewer).ID)
	}
	slices.Reverse(made)
	var listed []model.ID
	page := model.Page{First: new(2)}
	for {
		c, err := r.KeyPage(t.Context(), page)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range c.Edges {
			listed = append(listed, e.Node.ID)
		}
		if !c.PageInfo.HasNextPage {
			break
		}
		page.After = c.PageInfo.EndCursor()
	}
	if !slices.Equal(listed, made) {
		t.Errorf("listed %v, want %v", listed, made)
	}
	if _, err := r.KeyPage(t.Context(), model.Page{First: new(101)}); codeOf(err) != model.BadUserInput {
		t.Errorf("%v", err)
	}
}

package db

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"workflowfactory/model"
)

var life = model.SessionLife{Idle: time.Hour, Most: 24 * time.Hour}

func newUser(t *testing.T, r Access, email string, role model.Role) *model.User {
	t.Helper()
	u := &model.User{Email: email, Name: "Ada", Role: role, Active: true, PasswordHash: "hash"}
	if change, err := r.CreateUser(t.Context(), u); err != nil || change.Seq == 0 {
		t.Fatal(change, err)
	}
	return u
}

func newSession(t *testing.T, r Access, u *model.User) *model.Session {
	t.Helper()
	id := model.NewID(model.KindSession)
	s := &model.Session{Noun: model.Noun{ID: id}, Method: model.SignInMethodPassword, SecretHash: id[:]}
	if change, err := r.StartSession(t.Context(), s, u, life); err != nil || change.Seq == 0 {
		t.Fatal(change, err)
	}
	return s
}

// asUser has somebody do what follows.
func asUser(t *testing.T, role model.Role, user model.ID) context.Context {
	return model.WithCaller(t.Context(), model.Caller{ID: user, UserID: user, Role: role})
}

func credentialOf(t *testing.T, r Access, id model.ID) *model.Credential {
	t.Helper()
	found, err := r.Credentials(t.Context(), []model.ID{id})
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	return found[0]
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	r := openAccess(t)
	u := newUser(t, r, "Ada@example.com", model.RoleManager)
	found, err := r.UserByEmail(t.Context(), "ada@EXAMPLE.com")
	if err != nil || found.ID != u.ID || found.Role != model.RoleManager || !found.Active || found.PasswordHash != "hash" {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := r.UserByEmail(t.Context(), "eve@example.com"); codeOf(err) != model.NotFound {
		t.Errorf("%v", err)
	}
	if _, err := r.User(t.Context(), model.NewID(model.KindUser)); codeOf(err) != model.NotFound {
		t.Errorf("%v", err)
	}
	second := &model.User{Email: "ada@example.com", Name: "Eve", Role: model.RoleAdmin}
	if _, err := r.CreateUser(t.Context(), second); codeOf(err) != model.Conflict {
		t.Errorf("a second account with the address: %v", err)
	}
	other := newUser(t, r, "eve@example.com", model.RoleViewer)
	taken := model.UpdateUserInput{ID: other.ID}
	taken.Email = graphql.OmittableOf(new("ADA@example.com"))
	if _, err := r.UpdateUser(t.Context(), taken); codeOf(err) != model.Conflict || err.(*model.Error).Field != "email" {
		t.Errorf("changed to the address of somebody else: %v", err)
	}
}

func TestAccountsChange(t *testing.T) {
	t.Parallel()
	r := openAccess(t)
	u := newUser(t, r, "ada@example.com", model.RoleManager)
	in := model.UpdateUserInput{ID: u.ID, ExpectedVersion: new(1)}
	in.Name = graphql.OmittableOf(new("Ada L."))
	in.Role = graphql.OmittableOf(new(model.RoleAdmin))
	p, err := r.UpdateUser(t.Context(), in)
	if err != nil || p.User.Name != "Ada L." || p.User.Role != model.RoleAdmin || p.User.Version != 2 || p.Seq == 0 {
		t.Fatalf("%+v, %v", p, err)
	}
	if _, err := r.UpdateUser(t.Context(), in); codeOf(err) != model.Conflict {
		t.Errorf("a stale version: %v", err)
	}
	if p, err := r.UpdateUser(t.Context(), model.UpdateUserInput{ID: u.ID}); err != nil || p.Seq != 0 || p.User.Version != 2 {
		t.Errorf("nothing to change: %+v, %v", p, err)
	}
	if _, err := r.UpdateUser(t.Context(), model.UpdateUserInput{ID: model.NewID(model.KindUser)}); codeOf(err) != model.NotFound {
		t.Errorf("nobody: %v", err)
	}
	if got, want := told(t, r.DB, u.ID), []string{"USER_CREATED", "USER_UPDATED"}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}

func TestDeactivatingEndsSessions(t *testing.T) {
	t.Parallel()
	r := openAccess(t)
	u := newUser(t, r, "ada@example.com", model.RoleManager)
	s := newSession(t, r, u)
	if err := credentialOf(t, r, s.ID).Usable(time.Now()); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		p, err := r.DeactivateUser(t.Context(), model.DeactivateUserInput{ID: u.ID, Reason: new("left")})
		if err != nil || p.User.Active || (p.Seq != 0) != (i == 0) {
			t.Fatalf("%+v, %v", p, err)
		}
	}
	for _, id := range []model.ID{s.ID, u.ID} {
		if err := credentialOf(t, r, id).Usable(time.Now()); codeOf(err) != model.Unauthenticated {
			t.Errorf("%s: %v", id, err)
		}
	}
	late := &model.Session{Noun: model.Noun{ID: model.NewID(model.KindSession)}, Method: model.SignInMethodPassword, SecretHash: s.ID[:]}
	if _, err := r.StartSession(t.Context(), late, u, life); codeOf(err) != model.Unauthenticated {
		t.Errorf("signed in afterwards: %v", err)
	}
	again := model.UpdateUserInput{ID: u.ID}
	again.Active = graphql.OmittableOf(new(true))
	if p, err := r.UpdateUser(t.Context(), again); err != nil || !p.User.Active {
		t.Errorf("%+v, %v", p, err)
	}
	if err := credentialOf(t, r, s.ID).Usable(time.Now()); codeOf(err) != model.Unauthenticated {
		t.Errorf("the old session is back: %v", err)
	}
	if got, want := told(t, r.DB, u.ID), []string{"USER_CREATED", "USER_DEACTIVATED", "USER_UPDATED"}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
	if got, want := told(t, r.DB, s.ID), []string{"SESSION_CREATED", "SESSION_REVOKED"}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}

func TestSomebodyStaysWhoMayDoEverything(t *testing.T) {
	t.Parallel()
	r := openAccess(t)
	ada := newUser(t, r, "ada@example.com", model.RoleAdmin)
	demote := model.UpdateUserInput{ID: ada.ID}
	demote.Role = graphql.OmittableOf(new(model.RoleViewer))
	for name, do := range map[string]func() error{
		"deactivated": func() error {
			_, err := r.DeactivateUser(t.Context(), model.DeactivateUserInput{ID: ada.ID})
			return err
		},
		"demoted": func() error { _, err := r.UpdateUser(t.Context(), demote); return err },
	} {
		if err := do(); codeOf(err) != model.Conflict {
			t.Errorf("the last administrator is %s: %v", name, err)
		}
	}
	k := newKey(t, r, model.RoleAdmin)
	if _, err := r.UpdateUser(t.Context(), demote); err != nil {
		t.Errorf("with an administrator's key: %v", err)
	}
	if _, err := r.RevokeKey(t.Context(), k.ID); err != nil {
		t.Fatal(err)
	}
	// Of two administrators who take each other's rights at the same moment, one stays.
	for range 20 {
		var pair []*model.User
		for _, name := range []string{"b", "c"} {
			pair = append(pair, newUser(t, r, name+model.NewID(model.KindUser).String()+"@example.com", model.RoleAdmin))
		}
		var done sync.WaitGroup
		errs := make([]error, 2)
		for i, u := range pair {
			done.Go(func() {
				_, errs[i] = r.DeactivateUser(t.Context(), model.DeactivateUserInput{ID: u.ID})
			})
		}
		done.Wait()
		if refused := slices.IndexFunc(errs, func(err error) bool { return err != nil }); refused < 0 || codeOf(errs[refused]) != model.Conflict || errs[1-refused] != nil {
			t.Fatalf("%v", errs)
		} else if _, err := r.bun.NewUpdate().Table("users").Set("active = false").Where("id = ?", pair[refused].ID).Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNewPasswordEndsOtherSessions(t *testing.T) {
	t.Parallel()
	r := openAccess(t)
	u := newUser(t, r, "ada@example.com", model.RoleManager)
	here, there := newSession(t, r, u), newSession(t, r, u)
	p, err := r.SetPassword(t.Context(), u.ID, "another", here.ID)
	if err != nil || p.User.Version != 2 || p.Seq == 0 {
		t.Fatalf("%+v, %v", p, err)
	}
	if err := credentialOf(t, r, here.ID).Usable(time.Now()); err != nil {
		t.Errorf("the session that did it: %v", err)
	}
	if err := credentialOf(t, r, there.ID).Usable(time.Now()); codeOf(err) != model.Unauthenticated {
		t.Errorf("another session: %v", err)
	}
	late := &model.Session{Noun: model.Noun{ID: model.NewID(model.KindSession)}, Method: model.SignInMethodPassword, SecretHash: here.ID[:]}
	if _, err := r.StartSession(t.Context(), late, u, life); codeOf(err) != model.Unauthenticated {
		t.Errorf("signed in with the password of before: %v", err)
	}
}

package db

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"workflowfactory/model"
)

func TestSessionsAreOnesOwn(t *testing.T) {
	t.Parallel()
	r := openAccess(t)
	ada, eve := newUser(t, r, "ada@example.com", model.RoleManager), newUser(t, r, "eve@example.com", model.RoleManager)
	s := newSession(t, r, ada)
	if _, err := r.RevokeSession(asUser(t, model.RoleManager, eve.ID), s.ID); codeOf(err) != model.NotFound {
		t.Errorf("somebody else ended it: %v", err)
	}
	if found, err := r.ByIDs(asUser(t, model.RoleManager, eve.ID), []model.ID{s.ID, ada.ID, eve.ID}); err != nil || found[0] != nil || found[1] != nil || found[2] == nil {
		t.Errorf("somebody else finds %v, %v", found, err)
	}
	if found, err := r.ByIDs(asUser(t, model.RoleManager, ada.ID), []model.ID{s.ID}); err != nil || found[0] == nil {
		t.Errorf("oneself finds %v, %v", found, err)
	}
	for i, role := range []model.Role{model.RoleManager, model.RoleAdmin} {
		p, err := r.RevokeSession(asUser(t, role, ada.ID), s.ID)
		if err != nil || p.Session.RevokedAt == nil || (p.Seq != 0) != (i == 0) {
			t.Errorf("%+v, %v", p, err)
		}
	}
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	r := openAccess(t)
	u := newUser(t, r, "ada@example.com", model.RoleViewer)
	s := newSession(t, r, u)
	known := credentialOf(t, r, s.ID)
	if known.UserID != u.ID || known.Name != u.Name || known.Role != model.RoleViewer || !known.ExpiresAt.Equal(s.CreatedAt.Add(life.Idle)) {
		t.Errorf("%+v", known)
	}
	set := func(to string) {
		if _, err := r.pool.Exec(t.Context(), "UPDATE sessions SET "+to); err != nil {
			t.Fatal(err)
		}
	}
	use := func() *model.Credential {
		for range 2 {
			if err := r.MarkUsed(t.Context(), []model.ID{s.ID, u.ID}); err != nil {
				t.Fatal(err)
			}
		}
		return credentialOf(t, r, s.ID)
	}
	set("last_used_at = now() - interval '2 minutes', expires_at = now() + interval '5 minutes'")
	known = use()
	if left := time.Until(*known.ExpiresAt); left < 55*time.Minute || left > 61*time.Minute {
		t.Errorf("after its use it lasts %s", left)
	}
	if !known.LastUsedAt.Truncate(time.Minute).Equal(*known.LastUsedAt) || time.Since(*known.LastUsedAt) > 2*time.Minute {
		t.Errorf("used at %s", known.LastUsedAt)
	}
	set("last_used_at = now() - interval '2 minutes', expires_at = now() + interval '1 minute', ends_at = now() + interval '10 minutes'")
	if left := time.Until(*use().ExpiresAt); left > 10*time.Minute {
		t.Errorf("near its end it lasts %s", left)
	}
	set("last_used_at = now() - interval '2 minutes', expires_at = now() - interval '1 second'")
	if err := use().Usable(time.Now()); codeOf(err) != model.Unauthenticated {
		t.Errorf("use brought it back: %v", err)
	}
	if listed, err := r.SessionPage(t.Context(), model.Page{}); err != nil || len(listed.Edges) != 0 {
		t.Errorf("it is listed: %v, %v", listed, err)
	}
	if got, want := told(t, r.DB, s.ID), []string{"SESSION_CREATED"}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}

// What is over is kept for a while, and then only the log tells of it.
func TestWhatIsLongOverIsForgotten(t *testing.T) {
	t.Parallel()
	r := openAccess(t)
	u := newUser(t, r, "ada@example.com", model.RoleViewer)
	open, fresh, revoked, old := newSession(t, r, u), newSession(t, r, u), newSession(t, r, u), newSession(t, r, u)
	if _, err := r.RevokeSession(asUser(t, model.RoleViewer, u.ID), revoked.ID); err != nil {
		t.Fatal(err)
	}
	for days, ids := range map[int][]model.ID{29: {fresh.ID}, 31: {revoked.ID, old.ID}} {
		if _, err := r.pool.Exec(t.Context(), "UPDATE sessions SET expires_at = now() - $1 * interval '1 day' WHERE id = ANY($2)",
			pgx.QueryExecModeCacheStatement, days, uuids(ids)); err != nil {
			t.Fatal(err)
		}
	}
	const keys = `INSERT INTO idempotency_keys (caller, key, input_hash, created_at)
		SELECT gen_random_uuid(), 'of another day', '', now() - i * interval '1 hour' FROM generate_series(0, 2523) AS i`
	if _, err := r.pool.Exec(t.Context(), keys); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.ForgetSessions(t.Context()), r.ForgetKeys(t.Context())); err != nil {
		t.Fatal(err)
	}
	for s, want := range map[*model.Session]bool{open: true, fresh: true, revoked: false, old: false} {
		if found, err := r.Credentials(t.Context(), []model.ID{s.ID}); err != nil || len(found) > 0 != want {
			t.Errorf("of a session that ends at %s there is %v, %v", s.ExpiresAt, found, err)
		}
	}
	var left int
	if err := r.pool.QueryRow(t.Context(), "SELECT count(*) FROM idempotency_keys").Scan(&left); err != nil || left != 24 {
		t.Errorf("%d idempotency keys are left, %v", left, err)
	}
	if got, want := told(t, r.DB, revoked.ID), []string{"SESSION_CREATED", "SESSION_REVOKED"}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}

func TestSessionsOfPeople(t *testing.T) {
	t.Parallel()
	r := openAccess(t)
	ada, eve, bob := newUser(t, r, "ada@example.com", model.RoleAdmin), newUser(t, r, "eve@example.com", model.RoleManager), newUser(t, r, "bob@example.com", model.RoleManager)
	first, second, third := newSession(t, r, ada), newSession(t, r, ada), newSession(t, r, eve)
	listed := func(c *model.SessionConnection) (ids []model.ID) {
		for _, e := range c.Edges {
			ids = append(ids, e.Node.ID)
		}
		return ids
	}
	of, err := r.SessionsOf(t.Context(), []model.ID{ada.ID, bob.ID, eve.ID}, model.Page{})
	if err != nil || !slices.Equal(listed(of[0]), []model.ID{second.ID, first.ID}) || listed(of[1]) != nil || !slices.Equal(listed(of[2]), []model.ID{third.ID}) {
		t.Fatalf("%v, %v", of, err)
	}
	if n, err := of[0].Count(t.Context()); err != nil || n != 2 {
		t.Errorf("%d, %v", n, err)
	}
	all, err := r.SessionPage(t.Context(), model.Page{First: new(2)})
	if err != nil || !slices.Equal(listed(all), []model.ID{third.ID, second.ID}) || !all.PageInfo.HasNextPage {
		t.Errorf("%v, %v", all, err)
	}
}

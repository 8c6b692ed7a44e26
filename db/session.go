package db

import (
	"context"

	"workflowfactory/model"
)

// lasting is what is true of a session that has not ended.
const lasting = "x.revoked_at IS NULL AND x.expires_at > now()"

// SessionPage lists everybody's sessions that have not ended, the newest first. A malformed page is BAD_USER_INPUT.
func (r Access) SessionPage(ctx context.Context, p model.Page) (*model.SessionConnection, error) {
	return connectOne[model.SessionConnection](ctx, r.sessions(), p) // index: sessions_created
}

// SessionsOf lists those of each of these people.
func (r Access) SessionsOf(ctx context.Context, ids []model.ID, p model.Page) ([]*model.SessionConnection, error) {
	l := r.sessions()
	l.via, l.parents = []string{"x.user_id = p.id"}, ids // index: sessions_of_user
	return connect[model.SessionConnection](ctx, l, p)
}

func (r Access) sessions() *list[model.Session] {
	w := &where{}
	w.must(lasting)
	return &list[model.Session]{DB: r.DB, table: &sessionTable, where: w, sort: sessionTable.sorting(created, newestFirst)}
}

// StartSession signs a person in who proved to be that account. It answers UNAUTHENTICATED when the account was deactivated,
// or has got another password, since it was read.
func (r Access) StartSession(ctx context.Context, s *model.Session, as *model.User, life model.SessionLife) (model.Change, error) {
	return r.change(ctx, func(ctx context.Context, c *change) error {
		u, err := locked[model.User](ctx, c, as.ID, "user")
		if err != nil {
			return err
		}
		if !u.Active || u.PasswordHash != as.PasswordHash {
			return model.Errorf(model.Unauthenticated, "the account was changed meanwhile: sign in again")
		}
		s.UserID = u.ID
		s.Begin(life, c.now)
		return insert(ctx, c, model.EventTypeSessionCreated, s)
	})
}

// RevokeSession ends a session, for ever: one's own, or for administrators anybody's. It answers NOT_FOUND for others.
// Ending it again changes nothing.
func (r Access) RevokeSession(ctx context.Context, id model.ID) (*model.SessionPayload, error) {
	p := &model.SessionPayload{}
	var err error
	p.Change, err = r.change(ctx, func(ctx context.Context, c *change) error {
		s, err := locked[model.Session](ctx, c, id, "session")
		if err != nil {
			return err
		}
		if c.caller.Role != model.RoleAdmin && c.caller.UserID != s.UserID {
			return model.Missing("session", id)
		}
		if p.Session = s; s.RevokedAt != nil {
			return nil
		}
		return revokeSession(ctx, c, s)
	})
	return p, err
}

func revokeSession(ctx context.Context, c *change, s *model.Session) error {
	before := *s
	s.RevokedAt = &c.now
	return update(ctx, c, model.EventTypeSessionRevoked, &before, s)
}

// revokeSessionsOf ends the sessions of a person that have not ended, but the one to keep. Index: sessions_of_user.
func revokeSessionsOf(ctx context.Context, c *change, user, keep model.ID) error {
	sessions, err := lockWhere[model.Session](ctx, c, "user_id = ? AND revoked_at IS NULL AND expires_at > ?", user, c.now)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		if s.ID == keep {
			continue
		}
		if err := revokeSession(ctx, c, s); err != nil {
			return err
		}
	}
	return nil
}

// ForgetSessions deletes the sessions that ended thirty days ago or earlier; what the log tells of them stays. Index:
// sessions_expires.
func (d *DB) ForgetSessions(ctx context.Context) error {
	return d.forget(ctx, `DELETE FROM sessions WHERE id IN (
		SELECT id FROM sessions WHERE expires_at < now() - interval '30 days' ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)`)
}

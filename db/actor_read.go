package db

import (
	"context"
	"errors"
	"time"

	"workflowfactory/model"
)

// userTable leaves out the hash of the password.
var userTable = table[model.User]{
	name: "users",
	columns: whole("x.id, x.created_at, x.updated_at, x.version, x.email, x.name, x.role, x.active", func(r *row, u *model.User) {
		scanNoun(r, &u.Noun)
		u.Email, u.Name, u.Role, u.Active = r.text(), r.text(), word[model.Role](r), r.bool()
	}),
	key: "x.id",
	id:  (*model.User).GetID,
	orders: orders[model.User]{
		created: byTime("x.created_at", func(u *model.User) time.Time { return u.CreatedAt }),
	},
}

// sessionTable leaves out the hash of the token.
var sessionTable = table[model.Session]{
	name: "sessions",
	columns: whole("x.id, x.created_at, x.updated_at, x.version, x.user_id, x.method, x.user_agent, x.last_used_at, x.expires_at, "+
		"x.ends_at, x.revoked_at", func(r *row, s *model.Session) {
		scanNoun(r, &s.Noun)
		s.UserID, s.Method, s.UserAgent = r.id(), word[model.SignInMethod](r), r.textOrNil()
		s.LastUsedAt, s.ExpiresAt, s.EndsAt, s.RevokedAt = r.time(), r.time(), r.time(), r.timeOrNil()
	}),
	key: "x.id",
	id:  (*model.Session).GetID,
	orders: orders[model.Session]{
		created: byTime("x.created_at", func(s *model.Session) time.Time { return s.CreatedAt }),
	},
}

// keyTable leaves out the hash of the secret.
var keyTable = table[model.APIKey]{
	name: "api_keys",
	columns: whole("x.id, x.created_at, x.updated_at, x.version, x.name, x.prefix, x.role, x.agent_id, x.expires_at, x.last_used_at, "+
		"x.revoked_at", func(r *row, k *model.APIKey) {
		scanNoun(r, &k.Noun)
		k.Name, k.Prefix, k.Role, k.AgentID = r.text(), r.text(), word[model.Role](r), r.id()
		k.ExpiresAt, k.LastUsedAt, k.RevokedAt = r.timeOrNil(), r.timeOrNil(), r.timeOrNil()
	}),
	key: "x.id",
	id:  (*model.APIKey).GetID,
	orders: orders[model.APIKey]{
		created: byTime("x.created_at", func(k *model.APIKey) time.Time { return k.CreatedAt }),
	},
}

// Actors gives who has these ids, each at the place of its id: users, agents (removed ones too), API keys and the
// system; nil for none of these. It asks once for each kind among them.
func (d *DB) Actors(ctx context.Context, ids []model.ID) ([]model.Actor, error) {
	actors := make([]model.Actor, len(ids))
	for i, id := range ids {
		if id == model.SystemID {
			actors[i] = model.System{}
		}
	}
	for _, of := range []func() error{
		func() error { return actorsOf(ctx, d, &userTable, model.KindUser, ids, actors) },
		func() error { return actorsOf(ctx, d, &agentTable, model.KindAgent, ids, actors) },
		func() error { return actorsOf(ctx, d, &keyTable, model.KindAPIKey, ids, actors) },
	} {
		if err := of(); err != nil {
			return nil, err
		}
	}
	return actors, nil
}

// actorsOf fills in the actors of one kind.
func actorsOf[T any, P interface {
	*T
	model.Actor
}](ctx context.Context, d *DB, t *table[T], k model.Kind, ids []model.ID, actors []model.Actor) error {
	found, err := byIDs(ctx, d, t, &where{}, only(k, ids))
	if err != nil {
		return err
	}
	for i, v := range found {
		if v != nil {
			actors[i] = P(v)
		}
	}
	return nil
}

// only gives the ids of that kind at their places, and the zero ID for the others.
func only(k model.Kind, ids []model.ID) []model.ID {
	kept := make([]model.ID, len(ids))
	for i, id := range ids {
		if id.Kind() == k {
			kept[i] = id
		}
	}
	return kept
}

// ByIDs gives the users, the sessions and the API keys with these ids that the caller may see, each at the place of its
// id: all for an administrator, what is one's own for everybody else. The others are nil.
func (r Access) ByIDs(ctx context.Context, ids []model.ID) ([]model.Node, error) {
	nodes := make([]model.Node, len(ids))
	return nodes, errors.Join(
		nodesOf(ctx, r.DB, &userTable, own(ctx, "x.id"), only(model.KindUser, ids), nodes),
		nodesOf(ctx, r.DB, &sessionTable, own(ctx, "x.user_id"), only(model.KindSession, ids), nodes),
		nodesOf(ctx, r.DB, &keyTable, own(ctx, "x.id"), only(model.KindAPIKey, ids), nodes))
}

// nodesOf fills in the nodes of one kind.
func nodesOf[T any, P interface {
	*T
	model.Node
}](ctx context.Context, d *DB, t *table[T], w *where, ids []model.ID, nodes []model.Node) error {
	found, err := byIDs(ctx, d, t, w, ids)
	for i, v := range found {
		if v != nil {
			nodes[i] = P(v)
		}
	}
	return err
}

// own wants the column to name the caller's key or person; of an administrator it wants nothing.
func own(ctx context.Context, column string) *where {
	w := &where{}
	if caller := model.CallerFrom(ctx); caller.Role != model.RoleAdmin {
		w.must(column + " = ANY(" + w.arg(uuids{caller.ID, caller.UserID}) + ")")
	}
	return w
}

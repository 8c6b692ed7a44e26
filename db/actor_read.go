package db

import (
	"context"
	"time"

	"workflowfactory/model"
)

var userTable = table[model.User]{
	name: "users",
	columns: whole("x.id, x.created_at, x.updated_at, x.version, x.email, x.name, x.role, x.active", func(r *row, u *model.User) {
		scanNoun(r, &u.Noun)
		u.Email, u.Name, u.Role, u.Active = r.text(), r.text(), word[model.Role](r), r.bool()
	}),
	key: "x.id",
	id:  (*model.User).GetID,
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

// ByIDs gives the users and the API keys with these ids that the caller may see, each at the place of its id: all for an
// administrator, oneself for everybody else. The others are nil.
func (r Access) ByIDs(ctx context.Context, ids []model.ID) ([]model.Node, error) {
	users, err := byIDs(ctx, r.DB, &userTable, ownAccount(ctx), only(model.KindUser, ids))
	if err != nil {
		return nil, err
	}
	keys, err := byIDs(ctx, r.DB, &keyTable, ownAccount(ctx), only(model.KindAPIKey, ids))
	if err != nil {
		return nil, err
	}
	nodes := make([]model.Node, len(ids))
	for i := range ids {
		switch {
		case users[i] != nil:
			nodes[i] = users[i]
		case keys[i] != nil:
			nodes[i] = keys[i]
		}
	}
	return nodes, nil
}

func ownAccount(ctx context.Context) *where {
	w := &where{}
	if caller := model.CallerFrom(ctx); caller.Role != model.RoleAdmin {
		w.must("x.id = ANY(" + w.arg(uuids{caller.ID, caller.UserID}) + ")")
	}
	return w
}

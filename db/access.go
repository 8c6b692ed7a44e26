package db

import (
	"bytes"
	"context"

	"workflowfactory/model"
)

// Access keeps the accounts, the sessions and the API keys.
type Access struct{ *DB }

// KeyPage lists the API keys, the newest first. A malformed page is BAD_USER_INPUT.
func (r Access) KeyPage(ctx context.Context, p model.Page) (*model.APIKeyConnection, error) {
	l := &list[model.APIKey]{DB: r.DB, table: &keyTable, where: &where{}, sort: keyTable.sorting(created, newestFirst)}
	return connectOne[model.APIKeyConnection](ctx, l, p)
}

// CreateKey keeps a new API key. It answers NOT_FOUND when the agent that it belongs to is not there.
func (r Access) CreateKey(ctx context.Context, k *model.APIKey) (model.Change, error) {
	return r.change(ctx, func(ctx context.Context, c *change) error {
		if err := c.checkAgent(ctx, k.AgentID); err != nil {
			return err
		}
		k.Noun = model.Noun{ID: k.ID, CreatedAt: c.now, UpdatedAt: c.now, Version: 1}
		return insert(ctx, c, model.EventTypeAPIKeyCreated, k)
	})
}

// checkAgent answers NOT_FOUND unless the agent is there, or none was named.
func (c *change) checkAgent(ctx context.Context, id model.ID) error {
	if id.IsZero() {
		return nil
	}
	there, err := c.NewSelect().Model((*model.Agent)(nil)).Where("id = ? AND removed_at IS NULL", id).Exists(ctx)
	if err == nil && !there {
		err = model.Missing("agent", id)
	}
	return err
}

// RevokeKey stops a key from working, for ever. Revoking it again changes nothing.
func (r Access) RevokeKey(ctx context.Context, id model.ID) (*model.APIKeyPayload, error) {
	p := &model.APIKeyPayload{}
	var err error
	p.Change, err = r.change(ctx, func(ctx context.Context, c *change) error {
		k, err := locked[model.APIKey](ctx, c, id, "API key")
		if err != nil {
			return err
		}
		if p.APIKey = k; k.RevokedAt != nil {
			return nil
		}
		before := *k
		k.RevokedAt = &c.now
		return update(ctx, c, model.EventTypeAPIKeyRevoked, &before, k)
	})
	return p, err
}

// InstallKey puts a key under its fixed id, in place of the one that is there. It answers CONFLICT when this very secret
// was revoked: what an administrator stopped does not come back by itself.
func (r Access) InstallKey(ctx context.Context, k *model.APIKey) error {
	_, err := r.change(ctx, func(ctx context.Context, c *change) error {
		k.Noun = model.Noun{ID: k.ID, CreatedAt: c.now, UpdatedAt: c.now, Version: 1}
		// When replicas start together, the first inserts; the others wait for its commit and then find the row.
		done, err := c.NewInsert().Model(k).On("CONFLICT DO NOTHING").Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return c.replaceKey(ctx, k)
		}
		record(c, model.EventTypeAPIKeyCreated, nil, k)
		return nil
	})
	return err
}

func (c *change) replaceKey(ctx context.Context, k *model.APIKey) error {
	old, err := locked[model.APIKey](ctx, c, k.ID, "API key")
	if err != nil {
		return err
	}
	if bytes.Equal(old.SecretHash, k.SecretHash) {
		if old.RevokedAt != nil {
			return model.Errorf(model.Conflict, "this key was revoked: choose another")
		}
		return nil
	}
	before := *old
	old.Prefix, old.SecretHash, old.RevokedAt = k.Prefix, k.SecretHash, nil
	return update(ctx, c, model.EventTypeAPIKeyUpdated, &before, old)
}

// bindKey gives a key that belongs to no agent yet to the agent that registered with it.
func bindKey(ctx context.Context, c *change, keyID, agentID model.ID) error {
	k, err := locked[model.APIKey](ctx, c, keyID, "API key")
	if err != nil {
		return err
	}
	switch k.AgentID {
	case agentID:
		return nil
	case model.ID{}:
	default:
		return model.Errorf(model.Forbidden, "this key belongs to another agent: register with a key of its own")
	}
	before := *k
	k.AgentID = agentID
	return update(ctx, c, model.EventTypeAPIKeyUpdated, &before, k)
}

// revokeKeysOf stops the keys of an agent that is removed.
func revokeKeysOf(ctx context.Context, c *change, agent model.ID) error {
	keys, err := lockWhere[model.APIKey](ctx, c, "agent_id = ? AND revoked_at IS NULL", agent) // index: api_keys_agent
	if err != nil {
		return err
	}
	for _, k := range keys {
		before := *k
		k.RevokedAt = &c.now
		if err := update(ctx, c, model.EventTypeAPIKeyRevoked, &before, k); err != nil {
			return err
		}
	}
	return nil
}

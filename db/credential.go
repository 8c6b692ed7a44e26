package db

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"workflowfactory/model"
)

// credentialSQL reads keys, sessions and people by their ids. Indexes: primary keys.
const credentialSQL = `
SELECT id, name, secret_hash, role, agent_id, NULL::uuid AS user_id, true AS active, expires_at, last_used_at, revoked_at
FROM api_keys WHERE id = ANY($1)
UNION ALL
SELECT s.id, u.name, s.secret_hash, u.role, NULL, u.id, u.active, s.expires_at, s.last_used_at, s.revoked_at
FROM sessions AS s JOIN users AS u ON u.id = s.user_id WHERE s.id = ANY($1)
UNION ALL
SELECT id, name, NULL, role, NULL, id, active, NULL, NULL, NULL
FROM users WHERE id = ANY($1)`

// Credentials gives those of the API keys, the sessions and the people that there are, in any order, with the hashes of
// their secrets.
func (r Access) Credentials(ctx context.Context, ids []model.ID) ([]*model.Credential, error) {
	rows, err := r.pool.Query(ctx, credentialSQL, pgx.QueryExecModeCacheStatement, uuids(ids))
	if err != nil {
		return nil, publicError(err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*model.Credential, error) {
		c := &model.Credential{}
		return c, row.Scan(&c.ID, &c.Name, &c.SecretHash, &c.Role, &c.AgentID, &c.UserID, &c.Active, &c.ExpiresAt, &c.LastUsedAt, &c.RevokedAt)
	})
	return found, publicError(err)
}

// MarkUsed notes that the keys and sessions were used in this minute, by which sessions go on. It is no change that anybody
// is told of, so it has no event.
func (r Access) MarkUsed(ctx context.Context, ids []model.ID) error {
	return errors.Join(
		r.markUsed(ctx, model.KindAPIKey, ids, `UPDATE api_keys SET last_used_at = date_trunc('minute', now())
			WHERE id = ANY($1) AND (last_used_at IS NULL OR last_used_at < date_trunc('minute', now()))`),
		r.markUsed(ctx, model.KindSession, ids, `UPDATE sessions SET last_used_at = date_trunc('minute', now()),
				expires_at = least(ends_at, now() + idle_seconds * interval '1 second')
			WHERE id = ANY($1) AND last_used_at < date_trunc('minute', now()) AND expires_at > now()`))
}

func (r Access) markUsed(ctx context.Context, k model.Kind, ids []model.ID, sql string) error {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id model.ID) bool { return id.Kind() != k })
	if len(ids) == 0 {
		return nil
	}
	if _, err := r.pool.Exec(ctx, sql, pgx.QueryExecModeCacheStatement, uuids(ids)); err != nil {
		return fmt.Errorf("note the use of credentials: %w", publicError(err))
	}
	return nil
}

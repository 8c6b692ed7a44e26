package db

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"workflowfactory/model"
)

// idempotent does something once per key and caller: the same key with the same input gets the first answer again,
// with another input it is IDEMPOTENCY_MISMATCH. The key's row is inserted first, so a concurrent duplicate waits for
// the first to end. Without a key it just does it.
func idempotent[T any](ctx context.Context, c *change, verb string, key *string, input any, do func() (T, error)) (answer T, err error) {
	if key == nil {
		return do()
	}
	if err := model.CheckName("idempotencyKey", *key); err != nil {
		return answer, err
	}
	hash := sha256.Sum256(append([]byte(verb+"\n"), mustJSON(input)...))
	first, err := c.takeKey(ctx, *key, hash[:])
	if err != nil {
		return answer, err
	}
	if !first {
		return recalled[T](ctx, c, *key, hash)
	}
	if answer, err = do(); err != nil {
		return answer, err
	}
	_, err = c.Tx.Tx.ExecContext(ctx, "UPDATE idempotency_keys SET answer = $1 WHERE caller = $2 AND key = $3",
		string(mustJSON(answer)), c.caller.ActorID(), *key)
	return answer, err
}

// takeKey says whether the key is new, or was forgotten since. Index: primary key.
func (c *change) takeKey(ctx context.Context, key string, hash []byte) (first bool, err error) {
	r, err := c.Tx.Tx.ExecContext(ctx, `
		INSERT INTO idempotency_keys AS k (caller, key, input_hash) VALUES ($1, $2, $3)
		ON CONFLICT (caller, key) DO UPDATE SET input_hash = $3, answer = NULL, created_at = now()
		WHERE k.created_at < now() - interval '24 hours'`, c.caller.ActorID(), key, hash)
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n == 1, err
}

func recalled[T any](ctx context.Context, c *change, key string, hash [sha256.Size]byte) (answer T, err error) {
	var inputHash, stored []byte
	err = c.Tx.Tx.QueryRowContext(ctx, "SELECT input_hash, answer FROM idempotency_keys WHERE caller = $1 AND key = $2",
		c.caller.ActorID(), key).Scan(&inputHash, &stored)
	if err != nil {
		return answer, err
	}
	if string(inputHash) != string(hash[:]) {
		return answer, model.Errorf(model.IdempotencyMismatch, "idempotencyKey %q was used for another request; take a new key", key)
	}
	if err := json.Unmarshal(stored, &answer); err != nil {
		return answer, fmt.Errorf("recall the answer to key %q: %w", key, err)
	}
	return answer, nil
}

// ForgetKeys deletes the idempotency keys that are older than a day, a thousand at a time, and says whether there may
// be more. Index: idempotency_keys_created.
func (d *DB) ForgetKeys(ctx context.Context) (more bool, err error) {
	tag, err := d.pool.Exec(ctx, `
		DELETE FROM idempotency_keys WHERE (caller, key) IN (
			SELECT caller, key FROM idempotency_keys WHERE created_at < now() - interval '24 hours'
			ORDER BY created_at LIMIT 1000 FOR UPDATE SKIP LOCKED)`)
	return tag.RowsAffected() == 1000, err
}

package db

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"workflowfactory/model"
)

// idempotent does something once per key and caller: the same key with the same input gets the first answer again,
// with another input it is IDEMPOTENCY_MISMATCH. The key's row is inserted first, so a concurrent duplicate waits for
// the first to end. Without a key it just does it.
func idempotent[T any](ctx context.Context, c *change, verb string, key *string, input any, do func() (T, error)) (answer T, err error) {
	if key == nil {
		return do()
	}
	k, err := newOnceKey(c.caller, verb, key, input)
	if err != nil {
		return answer, err
	}
	t := c.trip()
	t.takeKeys([]*onceKey{k})
	if err := t.send(ctx); err != nil {
		return answer, err
	}
	if !k.first {
		return recalled[T](k)
	}
	if answer, err = do(); err != nil {
		return answer, err
	}
	k.answer = mustJSON(answer)
	c.keys = append(c.keys, k)
	return answer, nil
}

// onceKey is what makes one request known again.
type onceKey struct {
	caller model.ID
	key    string
	hash   []byte // of the request
	first  bool   // nobody has used the key for a day
	kept   []byte // the hash of the first request
	answer []byte // the answer, nil while there is none
}

// newOnceKey reads a key; nil is none.
func newOnceKey(caller model.Caller, verb string, key *string, input any) (*onceKey, error) {
	if key == nil {
		return nil, nil
	}
	if err := model.CheckName("idempotencyKey", *key); err != nil {
		return nil, err
	}
	hash := sha256.Sum256(append([]byte(verb+"\n"), mustJSON(input)...))
	return &onceKey{caller: caller.ActorID(), key: *key, hash: hash[:]}, nil
}

// onceID names a key.
type onceID struct {
	caller model.ID
	key    string
}

func (k *onceKey) id() onceID { return onceID{k.caller, k.key} }

func (k *onceKey) compare(other *onceKey) int {
	if c := slices.Compare(k.caller[:], other.caller[:]); c != 0 {
		return c
	}
	return strings.Compare(k.key, other.key)
}

// takeKeys queues inserting the rows of different keys, in their order, and reading those that were there.
// Index: primary key.
func (t *trip) takeKeys(keys []*onceKey) {
	if len(keys) == 0 {
		return
	}
	keys = slices.SortedFunc(slices.Values(keys), (*onceKey).compare)
	callers, names, hashes := keyColumns(keys)
	find := func(r *row) *onceKey {
		read := &onceKey{caller: r.id(), key: r.text()}
		i, _ := slices.BinarySearchFunc(keys, read, (*onceKey).compare) // we asked for these alone
		return keys[i]
	}
	t.add(`INSERT INTO idempotency_keys AS k (caller, key, input_hash)
		SELECT caller, key, hash FROM unnest($1::uuid[], $2::text[], $3::bytea[]) WITH ORDINALITY AS v (caller, key, hash, n) ORDER BY n
		ON CONFLICT (caller, key) DO UPDATE SET input_hash = excluded.input_hash, answer = NULL, created_at = now()
		WHERE k.created_at < now() - interval '24 hours'
		RETURNING caller, key`, func(r *row) error {
		find(r).first = true
		return nil
	}, callers, names, hashes)
	t.add(`SELECT k.caller, k.key, k.input_hash, k.answer FROM unnest($1::uuid[], $2::text[]) AS v (caller, key)
		JOIN idempotency_keys AS k ON k.caller = v.caller AND k.key = v.key`, func(r *row) error {
		k := find(r)
		k.kept, k.answer = r.bytes(), r.json()
		return nil
	}, callers, names)
}

// settleKeys queues keeping the answers of keys that were first, and giving up those that got none. Index: primary key.
func (t *trip) settleKeys(keys []*onceKey) {
	var answered, given []*onceKey
	for _, k := range keys {
		switch {
		case k.first && k.answer != nil:
			answered = append(answered, k)
		case k.first:
			given = append(given, k)
		}
	}
	if len(answered) > 0 {
		callers, names, _ := keyColumns(answered)
		t.add(`UPDATE idempotency_keys AS k SET answer = v.answer::jsonb FROM unnest($1::uuid[], $2::text[], $3::text[]) AS v (caller, key, answer)
			WHERE k.caller = v.caller AND k.key = v.key`, nil, callers, names, column(answered, func(k *onceKey) string { return string(k.answer) }))
	}
	if len(given) > 0 {
		callers, names, _ := keyColumns(given)
		t.add(`DELETE FROM idempotency_keys AS k USING unnest($1::uuid[], $2::text[]) AS v (caller, key)
			WHERE k.caller = v.caller AND k.key = v.key`, nil, callers, names)
	}
}

func keyColumns(keys []*onceKey) (callers [][16]byte, names []string, hashes [][]byte) {
	return column(keys, func(k *onceKey) [16]byte { return k.caller }), column(keys, func(k *onceKey) string { return k.key }),
		column(keys, func(k *onceKey) []byte { return k.hash })
}

// recalled gives the answer to the first request with a key.
func recalled[T any](k *onceKey) (answer T, err error) {
	if !slices.Equal(k.kept, k.hash) {
		return answer, model.Errorf(model.IdempotencyMismatch, "idempotencyKey %q was used for another request; take a new key", k.key)
	}
	if err := json.Unmarshal(k.answer, &answer); err != nil {
		return answer, fmt.Errorf("recall the answer to key %q: %w", k.key, err)
	}
	return answer, nil
}

// ForgetKeys deletes the idempotency keys that are older than a day. Index: idempotency_keys_created.
func (d *DB) ForgetKeys(ctx context.Context) error {
	return d.forget(ctx, `DELETE FROM idempotency_keys WHERE (caller, key) IN (
		SELECT caller, key FROM idempotency_keys WHERE created_at < now() - interval '24 hours'
		ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED)`)
}

// forgetAtOnce bounds how many rows one statement forgets, and so how long it holds their locks.
const forgetAtOnce = 1000

// forget runs a statement that deletes up to $1 rows until it finds fewer.
func (d *DB) forget(ctx context.Context, sql string) error {
	for {
		tag, err := d.pool.Exec(ctx, sql, forgetAtOnce)
		if err != nil || tag.RowsAffected() < forgetAtOnce {
			return err
		}
	}
}

package auth

import (
	"sync"
	"time"

	"workflowfactory/model"
)

// maxKnown bounds the memory that tokens nobody ever gave out can take.
const maxKnown = 10_000

// cache remembers keys for as long as what was read of them may be believed, also that there is no such key.
type cache struct {
	mu      sync.Mutex // protects entries
	entries map[model.ID]cached
}

type cached struct {
	key  *model.APIKey // nil: there is none
	read time.Time
}

// get gives a fresh entry.
func (c *cache) get(id model.ID, now time.Time) (*model.APIKey, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[id]
	if !ok || now.Sub(e.read) >= freshness {
		return nil, false
	}
	return e.key, true
}

// put remembers a key. One that waits to be bound to its agent is not kept: its owner acts as the agent at once.
func (c *cache) put(id model.ID, key *model.APIKey, read time.Time) {
	if key != nil && key.Role == model.RoleAgent && key.AgentID.IsZero() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.entries[id]; !known && len(c.entries) >= maxKnown {
		return
	}
	if c.entries == nil {
		c.entries = map[model.ID]cached{}
	}
	c.entries[id] = cached{key: key, read: read}
}

// sweep drops what is no longer fresh.
func (c *cache) sweep(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, e := range c.entries {
		if now.Sub(e.read) >= freshness {
			delete(c.entries, id)
		}
	}
}

// usage collects which keys were used, to be written down together.
type usage struct {
	mu  sync.Mutex // protects ids
	ids map[model.ID]struct{}
}

// note remembers that the key was used, unless that is written down for this minute already.
func (u *usage) note(k *model.APIKey) {
	if k.LastUsedAt != nil && time.Since(*k.LastUsedAt) < time.Minute {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ids == nil {
		u.ids = map[model.ID]struct{}{}
	}
	u.ids[k.ID] = struct{}{}
}

// take gives what was collected and begins anew.
func (u *usage) take() []model.ID {
	u.mu.Lock()
	defer u.mu.Unlock()
	ids := make([]model.ID, 0, len(u.ids))
	for id := range u.ids {
		ids = append(ids, id)
	}
	clear(u.ids)
	return ids
}

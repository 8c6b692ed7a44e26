package auth

import (
	"sync"
	"time"

	"workflowfactory/model"
)

// maxKnown bounds the memory that tokens nobody ever gave out can take.
const maxKnown = 10_000

// cache remembers credentials for as long as what was read of them may be believed, also that there is none.
type cache struct {
	mu      sync.Mutex // protects entries
	entries map[model.ID]cached
}

type cached struct {
	credential *model.Credential // nil: there is none
	read       time.Time
}

// get gives a fresh entry.
func (c *cache) get(id model.ID, now time.Time) (*model.Credential, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[id]
	if !ok || now.Sub(e.read) >= freshness {
		return nil, false
	}
	return e.credential, true
}

// put remembers a credential. A key that waits to be bound to its agent is not kept: its owner acts as the agent at once.
func (c *cache) put(id model.ID, known *model.Credential, read time.Time) {
	if known != nil && known.Role == model.RoleAgent && known.AgentID.IsZero() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, there := c.entries[id]; !there && len(c.entries) >= maxKnown {
		return
	}
	if c.entries == nil {
		c.entries = map[model.ID]cached{}
	}
	c.entries[id] = cached{credential: known, read: read}
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

// usage collects which credentials were used, to be written down together.
type usage struct {
	mu  sync.Mutex // protects ids
	ids map[model.ID]struct{}
}

// note remembers that the credential was used, unless that is written down for this minute already.
func (u *usage) note(c *model.Credential) {
	if c.LastUsedAt != nil && time.Since(*c.LastUsedAt) < time.Minute {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ids == nil {
		u.ids = map[model.ID]struct{}{}
	}
	u.ids[c.ID] = struct{}{}
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

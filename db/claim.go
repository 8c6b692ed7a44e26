package db

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"workflowfactory/model"
)

type (
	claims     = gather[model.ClaimTasksInput, []*model.TaskLease]
	claimBatch = batch[model.ClaimTasksInput, []*model.TaskLease]
	claimCall  = call[model.ClaimTasksInput, []*model.TaskLease]
)

// Claim gives an agent tasks to do: by priority, then age, only what the agent is capable of, and never more than its
// capacity; now and then the oldest comes first whatever its priority, so that no class starves. Claims that come at
// the same time are done together. They take no workflow's lock: READY means claimable. An empty list means that
// nothing is eligible.
func (r Tasks) Claim(ctx context.Context, in model.ClaimTasksInput) ([]*model.TaskLease, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	if err := model.CallerFrom(ctx).MayActAs(in.AgentID); err != nil {
		return nil, err
	}
	leases, err := r.claims.call(ctx, in)
	return leases, publicError(err)
}

// claimAll does the claims of a batch, in rounds: who gets nothing because others were quicker looks again. A task that
// others have locked is passed over from then on, so it ends.
func (d *DB) claimAll(ctx context.Context, b *claimBatch) error {
	parts, passed := readClaims(b), map[model.ID]bool{}
	for len(parts) > 0 {
		_, err := d.transact(ctx, func(ctx context.Context, c *change) error {
			r := &claimRound{change: c, parts: parts, passed: passed, granted: &d.granted}
			return r.do(ctx)
		})
		if err != nil {
			return err
		}
		parts = slices.DeleteFunc(parts, func(p *claimPart) bool {
			if !p.again {
				p.call.answer(p.leases, p.err)
			}
			return !p.again
		})
	}
	return nil
}

// claimPart is one claim of a batch.
type claimPart struct {
	call   *claimCall
	key    *onceKey
	agent  *model.Agent // as it was when tasks were looked for; nil if it is not there
	chosen []model.ID
	leases []*model.TaskLease
	err    error
	again  bool // others took all that was chosen
}

// readClaims looks at the requests alone.
func readClaims(b *claimBatch) (parts []*claimPart) {
	seen := map[onceID]bool{}
	for _, call := range b.calls {
		key, err := newOnceKey(call.caller, "claimTasks", call.in.IdempotencyKey, call.in)
		switch {
		case err != nil:
			call.answer(nil, err)
			continue
		case key == nil:
		case seen[key.id()]:
			b.setApart(call, key.id()) // for the first that has this key
			continue
		default:
			seen[key.id()] = true
		}
		parts = append(parts, &claimPart{call: call, key: key})
	}
	return parts
}

// claimRound is one change that gives tasks to several agents.
type claimRound struct {
	*change
	parts   []*claimPart
	passed  map[model.ID]bool // tasks that others have locked
	granted *atomic.Int64
	tasks   map[model.ID]*model.Task // those that are locked
}

// do looks for tasks without locks, and takes locks only when there are some, or when a request may have been answered
// before.
func (r *claimRound) do(ctx context.Context) error {
	for _, p := range r.parts {
		p.agent, p.chosen, p.leases, p.err, p.again = nil, nil, []*model.TaskLease{}, nil, false
	}
	if err := r.look(ctx); err != nil {
		return err
	}
	if err := r.lock(ctx); err != nil || r.tasks == nil {
		return err
	}
	for _, p := range r.parts {
		if err := r.give(p); err != nil {
			return err
		}
	}
	return nil
}

// look chooses among what the agents could do, without locks. Index: primary key of agents, and those of queueCandidates.
func (r *claimRound) look(ctx context.Context) error {
	agents, wanted := map[model.ID]*model.Agent{}, 0
	var ids []model.ID
	for _, p := range r.parts {
		ids = append(ids, p.call.in.AgentID)
		wanted += p.call.in.Limit()
	}
	s := storedAs[model.Agent]()
	t := r.trip()
	t.add("SELECT "+s.columns+" FROM agents AS "+s.alias+" WHERE id = ANY($1) AND removed_at IS NULL", func(row *row) error {
		a := readStored[model.Agent](s, row)
		agents[a.ID] = a
		return nil
	}, uuids(distinct(ids)))
	t.add(inIndexOrder, nil)
	found := &candidates{passed: r.passed}
	window := wanted + claimSpare + len(r.passed)
	found.queue(t, column(r.parts, func(p *claimPart) model.ClaimTasksInput { return p.call.in }), window, false)
	if granted := r.granted.Load(); granted/fairEvery < (granted+int64(wanted))/fairEvery {
		found.queue(t, column(r.parts, func(p *claimPart) model.ClaimTasksInput { return p.call.in }), window, true)
	}
	if err := t.send(ctx); err != nil {
		return err
	}
	for _, p := range r.parts {
		if p.agent = agents[p.call.in.AgentID]; p.agent == nil && p.key == nil {
			p.err = model.Missing("agent", p.call.in.AgentID)
		}
	}
	found.choose(r.parts, r.granted)
	return nil
}

// lock locks the agents, and of what was chosen what nobody else has locked. Agents go first, so that two claims of one
// cannot exceed its capacity together; nothing is waited for after them. Indexes: primary keys.
func (r *claimRound) lock(ctx context.Context) error {
	var chosen, agents []model.ID
	for _, p := range r.parts {
		if p.key != nil {
			p.key.first = false
			r.keys = append(r.keys, p.key)
		}
		if p.key != nil || len(p.chosen) > 0 {
			agents, chosen = append(agents, p.call.in.AgentID), append(chosen, p.chosen...)
		}
	}
	if len(agents) == 0 {
		return nil
	}
	r.tasks = map[model.ID]*model.Task{}
	t := r.trip()
	t.takeKeys(r.keys)
	r.queueAgents(t, distinct(agents))
	queueLock(t, "id = ANY($1) AND status = 'READY'", true, func(t *model.Task) { r.tasks[t.ID] = t }, uuids(chosen))
	t.stamp()
	return t.send(ctx)
}

// give gives one claim what was chosen for it.
func (r *claimRound) give(p *claimPart) (err error) {
	switch a := r.agents[p.call.in.AgentID]; {
	case p.key != nil && !p.key.first:
		p.leases, p.err = recalled[[]*model.TaskLease](p.key)
		return nil
	case p.key == nil && len(p.chosen) == 0:
		return nil
	case a == nil:
		p.err = model.Missing("agent", p.call.in.AgentID)
		return nil
	default:
		return r.giveTo(a, p)
	}
}

// giveTo gives a locked agent what was chosen for it and is locked too.
func (r *claimRound) giveTo(a *model.Agent, p *claimPart) error {
	r.begin(p.call.caller)
	room, missed := min(p.call.in.Limit(), a.Room()), false
	for _, id := range p.chosen {
		t := r.tasks[id]
		if t == nil {
			r.passed[id], missed = true, true
			continue
		}
		if len(p.leases) == room || !p.call.in.Suits(a, t) {
			continue
		}
		if err := r.lease(p, a, t); err != nil {
			return err
		}
	}
	if len(p.leases) == 0 {
		p.again = missed && room > 0 // an empty answer must be true
		return nil                   // and is not to be remembered: the same request may find something later
	}
	r.account(a, &agentOutcome{held: len(p.leases)})
	if p.key != nil {
		p.key.answer = mustJSON(p.leases)
	}
	return nil
}

// lease puts a task into an agent's hands.
func (r *claimRound) lease(p *claimPart, a *model.Agent, t *model.Task) error {
	was := *t
	if err := t.Claim(a.ID, p.call.in.Seconds(), r.now); err != nil {
		return err
	}
	record(r.change, model.EventTypeTaskClaimed, &was, t)
	r.beginAttempt(t)
	r.dirty = append(r.dirty, t)
	p.leases = append(p.leases, t.Lease())
	return nil
}

// Worker gives an agent that was not removed, for somebody who may act as it.
func (r Tasks) Worker(ctx context.Context, id model.ID) (*model.Agent, error) {
	if err := model.CallerFrom(ctx).MayActAs(id); err != nil {
		return nil, err
	}
	agents, err := Agents(r).ByIDs(withAll(ctx), []model.ID{id})
	if err != nil {
		return nil, err
	}
	if agents[0] == nil {
		return nil, model.Missing("agent", id)
	}
	return agents[0], nil
}

// StillReady says whether a task is READY. Index: primary key.
func (r Tasks) StillReady(ctx context.Context, id model.ID) (ready bool, err error) {
	err = r.pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM tasks WHERE id = $1 AND status = 'READY')",
		pgx.QueryExecModeCacheStatement, uuid(id)).Scan(&ready)
	return ready, publicError(err)
}

package db

import (
	"bytes"
	"context"

	"workflowfactory/model"
)

// ending is a request to end the attempt of a held task.
type ending struct {
	verb, token string
	key         *string
	in          any
	hash        []byte // of what it is ended with
	do          func(context.Context, *graph, *model.Task) error
}

type (
	endings    = gather[ending, *model.TaskPayload]
	endingCall = call[ending, *model.TaskPayload]
)

// end ends an attempt, together with others that end at the same time.
func (r Tasks) end(ctx context.Context, in ending) (*model.TaskPayload, error) {
	p, err := r.endings.call(ctx, in)
	return p, publicError(err)
}

// endAll ends the attempts of a batch in one change, in which each caller has a turn.
func (d *DB) endAll(ctx context.Context, b *batch[ending, *model.TaskPayload]) error {
	var e *endingBatch
	c, err := d.transact(ctx, func(ctx context.Context, c *change) error {
		e = &endingBatch{change: c, batch: b, workflows: map[model.ID]model.ID{}}
		e.read()
		if err := e.lock(ctx); err != nil {
			return err
		}
		for _, p := range e.parts {
			if err := e.take(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, p := range e.parts {
		switch {
		case p.apart:
			b.setApart(p.call, p.waitsFor)
		case p.err != nil:
			p.call.answer(&model.TaskPayload{}, p.err)
		default:
			p.out.Seq = 0
			if p.last > 0 {
				p.out.Seq = c.entries[p.last-1].Seq
			}
			p.call.answer(p.out, nil)
		}
	}
	return nil
}

// endingBatch is the attempts that one change ends.
type endingBatch struct {
	*change
	batch     *batch[ending, *model.TaskPayload]
	parts     []*endingPart
	tasks     map[model.ID]*model.Task // those that are locked
	workflows map[model.ID]model.ID    // of the tasks that are there
}

// endingPart is one caller's turn.
type endingPart struct {
	call  *endingCall
	token model.LeaseToken
	key   *onceKey
	out   *model.TaskPayload
	last  int // how many events had been written after it
	err   error

	apart    bool // somebody else has locked what it needs
	waitsFor any
}

// read looks at the requests alone.
func (e *endingBatch) read() {
	seen := map[onceID]bool{}
	for _, call := range e.batch.calls {
		p := &endingPart{call: call, out: &model.TaskPayload{}}
		e.parts = append(e.parts, p)
		var known bool
		if p.token, known = model.ParseLeaseToken(call.in.token); !known {
			p.err = model.Stale()
			continue
		}
		if p.key, p.err = newOnceKey(call.caller, call.in.verb, call.in.key, call.in.in); p.key == nil {
			continue
		}
		if id := p.key.id(); seen[id] {
			p.apart, p.waitsFor, p.key = true, id, nil // for the first that has this key
		} else {
			seen[id] = true
			e.keys = append(e.keys, p.key)
		}
	}
}

// lock locks what the parts need, in one trip.
func (e *endingBatch) lock(ctx context.Context) error {
	var ids []model.ID
	for _, p := range e.parts {
		if p.err == nil && !p.apart {
			ids = append(ids, p.token.TaskID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	e.tasks = map[model.ID]*model.Task{}
	tasks, free := uuids(distinct(ids)), !e.batch.waits
	t := e.trip()
	t.takeKeys(e.keys)
	// Indexes: primary keys, and task_dependents.
	queueLock(t, "id = ANY(ARRAY(SELECT workflow_id FROM tasks WHERE id = ANY($1)))", free, func(w *model.Workflow) { e.holdGraph(w) }, tasks)
	queueLock(t, "id = ANY($1 || ARRAY(SELECT task_id FROM task_dependencies WHERE depends_on_id = ANY($1)))", free,
		func(t *model.Task) { e.tasks[t.ID] = t }, tasks)
	t.add("SELECT id, workflow_id FROM tasks WHERE id = ANY($1)", func(r *row) error {
		id := r.id()
		e.workflows[id] = r.id()
		return nil
	}, tasks)
	e.queueBelow(t, distinct(ids))
	t.stamp()
	return t.send(ctx)
}

// take gives one part its turn.
func (e *endingBatch) take(ctx context.Context, p *endingPart) (err error) {
	if p.err != nil || p.apart {
		return nil
	}
	if p.key != nil && !p.key.first {
		p.out.Task, p.err = recalled[*model.Task](p.key)
		return nil
	}
	workflow, there := e.workflows[p.token.TaskID]
	if !there {
		p.err = model.Stale() // deleted meanwhile
		return nil
	}
	g := e.graphs[workflow]
	if !e.hasLocked(g, p.token.TaskID) {
		p.apart, p.waitsFor = true, workflow
		return nil
	}
	e.begin(p.call.caller)
	t := g.hold(e.tasks[p.token.TaskID]).task
	if !t.HeldBy(p.token.Secret, e.caller, e.now) {
		if p.err, err = e.checkRepeat(ctx, p); err != nil {
			return err
		}
	} else {
		if err := p.call.in.do(ctx, g, t); err != nil {
			return err
		}
		g.rollUp()
		p.last = len(e.entries)
	}
	p.out.Task = new(*t) // others may have their turn with it
	if p.key != nil && p.err == nil {
		p.key.answer = mustJSON(t)
	}
	return nil
}

// hasLocked says whether the task and what depends on it are locked; what is, the graph holds from then on.
func (e *endingBatch) hasLocked(g *graph, task model.ID) bool {
	if g == nil || e.tasks[task] == nil {
		return false
	}
	for _, id := range e.below[task] {
		if e.tasks[id] == nil {
			return false
		}
		g.hold(e.tasks[id])
	}
	return true
}

// checkRepeat wants the token's attempt to have ended by just this request; anything else is STALE_LEASE. Index:
// primary key of task_attempts.
func (e *endingBatch) checkRepeat(ctx context.Context, p *endingPart) (refused, err error) {
	ended, agent, found := e.endedHere(p.token)
	if !found {
		t := e.trip()
		t.add("SELECT coalesce(outcome_hash, ''), agent_id FROM task_attempts WHERE task_id = $1 AND lease_token = $2", func(r *row) error {
			ended, agent, found = r.bytes(), r.id(), true
			return nil
		}, uuid(p.token.TaskID), p.token.Secret)
		if err := t.send(ctx); err != nil {
			return nil, err
		}
	}
	if !found || !bytes.Equal(ended, p.call.in.hash) || e.caller.MayActAs(agent) != nil {
		return model.Stale(), nil
	}
	return nil, nil
}

// endedHere finds an attempt that ended earlier in this change.
func (c *change) endedHere(token model.LeaseToken) (hash []byte, agent model.ID, found bool) {
	for _, a := range c.ended {
		if a.TaskID == token.TaskID && bytes.Equal(a.LeaseToken, token.Secret) {
			return a.OutcomeHash, a.AgentID, true
		}
	}
	return nil, model.ID{}, false
}

package db

import (
	"cmp"
	"slices"
	"sync/atomic"

	"workflowfactory/model"
)

const (
	// claimSpare is how many more candidates a claim looks at than it wants.
	claimSpare = 16
	// fairEvery is how many tasks a process gives out until one goes by age alone.
	fairEvery = 8
)

// candidate is a task that an agent may be able to do.
type candidate struct {
	*model.Task // the columns that claims go by
	taken       bool
}

// candidates is what was found without locks.
type candidates struct {
	passed map[model.ID]bool
	seen   map[model.ID]bool
	byRank []*candidate
	byAge  []*candidate
}

// What a claim looks at: of each set of capabilities that an agent has the first few tasks, and of what is kept for it.
// The second text looks at the first few of each class of priority instead. Indexes: tasks_claim once per set, or once
// per set and class; tasks_claim_reserved.
const (
	claimableCrew = `
	WITH crew AS (SELECT DISTINCT CASE WHEN v.allowed IS NULL THEN a.capabilities
			ELSE ARRAY(SELECT c FROM unnest(a.capabilities) AS c WHERE v.allowed::jsonb ? c) END AS capabilities
		FROM unnest($1::uuid[], $2::text[]) AS v (id, allowed) JOIN agents AS a ON a.id = v.id WHERE NOT a.draining)`
	claimableByRank = claimableCrew + `
	SELECT t.* FROM crew CROSS JOIN LATERAL (
		SELECT t.* FROM routes AS r CROSS JOIN LATERAL (
			SELECT ` + candidateColumns + ` FROM tasks
			WHERE route = r.id AND status = 'READY' AND reserved_for IS NULL
			ORDER BY priority DESC, ready_at, id LIMIT $3) AS t
		WHERE r.capabilities <@ crew.capabilities
		ORDER BY priority DESC, ready_at, id LIMIT $3) AS t
	UNION ALL
	SELECT t.* FROM (SELECT DISTINCT id FROM unnest($1) AS v (id)) AS v CROSS JOIN LATERAL (
		SELECT ` + candidateColumns + ` FROM tasks WHERE reserved_for = v.id AND status = 'READY'
		ORDER BY priority DESC, ready_at, id LIMIT $3) AS t`
	claimableByAge = claimableCrew + `
	SELECT t.* FROM crew CROSS JOIN LATERAL (
		SELECT t.* FROM routes AS r CROSS JOIN generate_series(1, 4) AS class CROSS JOIN LATERAL (
			SELECT ` + candidateColumns + ` FROM tasks
			WHERE route = r.id AND priority = class AND status = 'READY' AND reserved_for IS NULL
			ORDER BY ready_at, id LIMIT $3) AS t
		WHERE r.capabilities <@ crew.capabilities
		ORDER BY ready_at, id LIMIT $3) AS t`

	// The same in one workflow. Index: tasks_in_workflow_status.
	claimableInWorkflow = `
	SELECT ` + candidateColumns + ` FROM tasks
	WHERE workflow_id = $1 AND status = 'READY' AND (reserved_for IS NULL OR reserved_for = $2) AND required_capabilities <@
		(SELECT CASE WHEN $3::jsonb IS NULL THEN capabilities ELSE ARRAY(SELECT c FROM unnest(capabilities) AS c WHERE $3::jsonb ? c) END FROM agents WHERE id = $2)`
	claimableInWorkflowByRank = claimableInWorkflow + ` ORDER BY priority DESC, ready_at, id LIMIT $4`
	claimableInWorkflowByAge  = claimableInWorkflow + ` ORDER BY ready_at, id LIMIT $4`

	candidateColumns = `id, priority, ready_at, required_capabilities, reserved_for, workflow_id`
)

// inIndexOrder holds the plans of what a claim asks to the order of their indexes: statistics that were taken while the
// queue was empty would have it sort all that is READY.
const inIndexOrder = "SELECT set_config('enable_sort', 'off', true)"

// queue asks for what claims could be given, the first few by rank or by age.
func (f *candidates) queue(t *trip, claims []model.ClaimTasksInput, window int, byAge bool) {
	var agents uuids
	var only []*string
	anywhere, inWorkflow := claimableByRank, claimableInWorkflowByRank
	if byAge {
		anywhere, inWorkflow = claimableByAge, claimableInWorkflowByAge
	}
	for _, in := range claims {
		var restricted *string
		if in.Capabilities != nil {
			restricted = new(string(mustJSON(in.Capabilities)))
		}
		if in.WorkflowID != nil {
			t.add(inWorkflow, f.read, uuid(*in.WorkflowID), uuid(in.AgentID), restricted, window)
			continue
		}
		agents, only = append(agents, in.AgentID), append(only, restricted)
	}
	if len(agents) > 0 {
		t.add(anywhere, f.read, agents, only, window)
	}
}

// read takes a row of candidateColumns.
func (f *candidates) read(r *row) error {
	task := &model.Task{}
	task.ID, task.Priority, task.ReadyAt = r.id(), model.Priority(r.int()), r.timeOrNil()
	task.RequiredCapabilities, task.AssigneeID, task.WorkflowID = r.texts(), r.id(), r.id()
	if f.passed[task.ID] || f.seen[task.ID] {
		return nil
	}
	if f.seen == nil {
		f.seen = map[model.ID]bool{}
	}
	f.seen[task.ID] = true
	f.byRank = append(f.byRank, &candidate{Task: task})
	return nil
}

// choose chooses tasks for claims in the order in which they came, as many as each agent has room for.
func (f *candidates) choose(parts []*claimPart, granted *atomic.Int64) {
	slices.SortFunc(f.byRank, func(a, b *candidate) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), older(a, b))
	})
	f.byAge = slices.SortedFunc(slices.Values(f.byRank), older)
	room := map[model.ID]int{}
	for _, p := range parts {
		if p.agent == nil {
			continue
		}
		left, known := room[p.agent.ID]
		if !known {
			left = p.agent.Room()
		}
		for range min(left, p.call.in.Limit()) {
			order := f.byRank
			if (granted.Load()+1)%fairEvery == 0 {
				order = f.byAge
			}
			c := first(order, p)
			if c == nil {
				break
			}
			granted.Add(1)
			c.taken = true
			p.chosen = append(p.chosen, c.ID)
			left--
		}
		room[p.agent.ID] = left
	}
}

// first gives the first that nobody else of the batch takes and that the claim may be given, nil if there is none.
func first(order []*candidate, p *claimPart) *candidate {
	for _, c := range order {
		if !c.taken && p.call.in.Suits(p.agent, c.Task) {
			return c
		}
	}
	return nil
}

func older(a, b *candidate) int {
	return cmp.Or(a.ReadyAt.Compare(*b.ReadyAt), slices.Compare(a.ID[:], b.ID[:]))
}

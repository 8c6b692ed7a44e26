package db

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"workflowfactory/model"
)

// Claimability says of each task whether agents may claim it, and what stands in the way. It takes five statements,
// whatever the number of tasks.
func (r Tasks) Claimability(ctx context.Context, tasks []*model.Task) ([]*model.Claimability, error) {
	ctx = withAll(ctx) // what is asked of these tasks is not what is asked of those that this reads
	var workflowIDs, agentIDs, ids []model.ID
	for _, t := range tasks {
		workflowIDs, ids = append(workflowIDs, t.WorkflowID), append(ids, t.ID)
		agentIDs = append(agentIDs, t.KeptFor())
	}
	workflows, err := Workflows(r).Referenced(ctx, workflowIDs)
	if err != nil {
		return nil, err
	}
	agents, err := Agents(r).Referenced(ctx, agentIDs)
	if err != nil {
		return nil, err
	}
	// Index: primary key of task_dependencies.
	waits, err := ofParents(ctx, r.DB, &taskTable, &where{}, ids, kin{
		rank: "(x.created_at, x.id)",
		rest: " JOIN task_dependencies AS d ON d.depends_on_id = x.id WHERE d.task_id = p.id AND x.status NOT IN ('COMPLETED', 'SKIPPED')",
	})
	if err != nil {
		return nil, err
	}
	crews, now, err := r.crews(ctx, tasks)
	if err != nil {
		return nil, err
	}
	answers := make([]*model.Claimability, len(tasks))
	for i, t := range tasks {
		if workflows[i] == nil {
			continue // deleted meanwhile
		}
		answers[i] = t.Claimability(model.ClaimFacts{Workflow: workflows[i].Status, WaitsFor: waits[i], Crew: crews[i], KeptFor: agents[i], Now: now})
	}
	return answers, nil
}

// crews counts who could do each task, and reads the database's clock. Index: agents_capabilities.
func (r Tasks) crews(ctx context.Context, tasks []*model.Task) ([]model.Crew, time.Time, error) {
	sets := make([][]string, len(tasks))
	for i, t := range tasks {
		sets[i] = t.RequiredCapabilities
	}
	rows, err := r.pool.Query(ctx, `
		SELECT v.n, now(), count(x.id), count(x.id) FILTER (WHERE NOT x.draining AND x.active_tasks < x.max_concurrency)
		FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS v (e, n)
		LEFT JOIN agents AS x ON x.removed_at IS NULL AND `+agentStatus+` <> 'OFFLINE'
			AND x.capabilities @> ARRAY(SELECT jsonb_array_elements_text(v.e))
		GROUP BY v.n`, pgx.QueryExecModeCacheStatement, string(mustJSON(sets)))
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("count who could do %d tasks: %w", len(tasks), publicError(err))
	}
	defer rows.Close()
	crews := make([]model.Crew, len(tasks))
	var now time.Time
	for rows.Next() {
		var n int
		var crew model.Crew
		if err := rows.Scan(&n, &now, &crew.Capable, &crew.Free); err != nil {
			return nil, time.Time{}, err
		}
		crews[n-1] = crew
	}
	return crews, now, publicError(rows.Err())
}

package db

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"workflowfactory/db/dbtest"
	"workflowfactory/model"
)

// T21: what a claim reads does not grow with tasks that the agent cannot do, even if statistics know nothing of them. Nor
// does what other changes lock. Under the race detector, which does not look into PostgreSQL, they are fewer.
func TestClaimCostIsFlat(t *testing.T) {
	t.Parallel()
	d, err := Open(t.Context(), dbtest.URL(t), Options{StatementTimeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	p, err := Agents{d}.Register(t.Context(), model.RegisterAgentInput{Name: "a", Capabilities: []string{"can"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Workflows{d}.Create(t.Context(), model.CreateWorkflowInput{Name: "w", Start: new(true), Tasks: []*model.NewTaskInput{
		{Key: "mine", Name: "n", RequiredCapabilities: []string{"can"}}, {Key: "others", Name: "n", RequiredCapabilities: []string{"cannot"}}}})
	if err != nil {
		t.Fatal(err)
	}
	small, err := Workflows{d}.Create(t.Context(), model.CreateWorkflowInput{Name: "small", Tasks: []*model.NewTaskInput{{Key: "a", Name: "n"}, {Key: "b", Name: "n"}}})
	if err != nil {
		t.Fatal(err)
	}
	ofWorkflow := storedAs[model.Task]().lock(fmt.Sprintf("workflow_id = '%x' AND (true)", small.Workflow.ID[:]), false)
	unannounced := storedAs[model.Task]().lock(progressDue, true)
	before := claimBuffers(t, d, p.Agent.ID)
	beforeOthers := pagesOf(t, d, 2, ofWorkflow) + pagesOf(t, d, 0, unannounced)
	const others = 100_000 / raceDivisor
	_, err = d.pool.Exec(t.Context(), `
		INSERT INTO tasks (id, workflow_id, name, status, priority, route, required_capabilities, max_attempts, retry_backoff, retry_delay_seconds,
			retry_max_delay_seconds, ready_at, created_at, updated_at)
		SELECT gen_random_uuid(), workflow_id, name, status, 4, route, required_capabilities, max_attempts, retry_backoff, retry_delay_seconds,
			retry_max_delay_seconds, ready_at - interval '1 hour', created_at, updated_at
		FROM tasks, generate_series(1, $1::int) WHERE key = 'others'`, others)
	if err != nil {
		t.Fatal(err)
	}
	after := claimBuffers(t, d, p.Agent.ID)
	// The indexes are a level or two deeper by then. To read what the agent cannot do would be thousands of pages.
	if after > 3*before || before == 0 {
		t.Errorf("a claim reads %d pages beside %d tasks that the agent cannot do, and %d without them", after, others, before)
	}
	if pages := pagesOf(t, d, 2, ofWorkflow) + pagesOf(t, d, 0, unannounced); pages > 3*beforeOthers {
		t.Errorf("to lock the tasks of a small workflow, and none, reads %d pages beside %d others, and %d without them", pages, others, beforeOthers)
	}
	if _, err := d.pool.Exec(t.Context(), "DROP INDEX tasks_claim"); err != nil {
		t.Fatal(err)
	}
	if control := claimBuffers(t, d, p.Agent.ID); control < 10*after {
		t.Errorf("without its index a claim reads %d pages: this test would not notice", control)
	}
}

// claimBuffers is how many pages looking for tasks reads, by rank and by age.
func claimBuffers(t *testing.T, d *DB, agent model.ID) int {
	t.Helper()
	var looks []string
	for _, sql := range []string{claimableByRank, claimableByAge} {
		// EXPLAIN takes no arguments.
		looks = append(looks, strings.NewReplacer("$1", fmt.Sprintf("ARRAY['%x']::uuid[]", agent[:]), "$2", "ARRAY[NULL]", "$3", "17").Replace(sql))
	}
	return pagesOf(t, d, 1, append([]string{inIndexOrder}, looks...)...)
}

// pagesOf is how many pages statements of a change read. Each finds so many rows.
func pagesOf(t *testing.T, d *DB, rows float64, statements ...string) (pages int) {
	t.Helper()
	_, err := d.transact(t.Context(), func(ctx context.Context, c *change) error {
		trip := c.trip()
		for _, sql := range statements {
			if sql == inIndexOrder {
				trip.add(sql, nil)
				continue
			}
			trip.add("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "+sql, func(r *row) error {
				var plans []struct{ Plan plan }
				err := json.Unmarshal([]byte(r.text()), &plans)
				if err == nil && plans[0].Plan.Rows != rows {
					t.Errorf("%s\nfinds %v rows, want %v", sql, plans[0].Plan.Rows, rows)
				}
				pages += plans[0].Plan.buffers()
				return err
			})
		}
		return trip.send(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

package db

import (
	"context"

	"github.com/jackc/pgx/v5"

	"workflowfactory/model"
)

// routeTasks gives each task the number of its set of required capabilities; a new set gets a new number. Tasks keep
// their capabilities sorted and without repeats, so equal sets are equal lists.
func (c *change) routeTasks(ctx context.Context, tasks []*model.Task) error {
	sets := make([][]string, len(tasks))
	for i, t := range tasks {
		sets[i] = t.RequiredCapabilities
	}
	missing, err := c.findRoutes(ctx, tasks, sets)
	if err != nil || missing == 0 {
		return err
	}
	_, err = c.pg.Exec(ctx, `
		INSERT INTO routes (capabilities)
		SELECT DISTINCT ARRAY(SELECT jsonb_array_elements_text(e)) AS capabilities FROM jsonb_array_elements($1::jsonb) AS e
		ORDER BY capabilities ON CONFLICT DO NOTHING`, string(mustJSON(sets)))
	if err != nil {
		return err
	}
	_, err = c.findRoutes(ctx, tasks, sets)
	return err
}

// findRoutes gives the tasks the numbers of the sets that are known, and says how many are not. Index: routes_capabilities_key.
func (c *change) findRoutes(ctx context.Context, tasks []*model.Task, sets [][]string) (missing int, err error) {
	rows, err := c.pg.Query(ctx, `
		SELECT v.n, r.id FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS v (e, n)
		JOIN routes AS r ON r.capabilities = ARRAY(SELECT jsonb_array_elements_text(v.e))`,
		pgx.QueryExecModeCacheStatement, string(mustJSON(sets)))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	missing = len(tasks)
	for rows.Next() {
		var n int
		var route int32
		if err := rows.Scan(&n, &route); err != nil {
			return 0, err
		}
		tasks[n-1].Route = route
		missing--
	}
	return missing, rows.Err()
}

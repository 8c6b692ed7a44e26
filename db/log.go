package db

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"

	"workflowfactory/model"
)

var logTable = table[model.TaskLogLine]{
	name: "task_logs",
	columns: whole("x.task_id, x.number, x.attempt, x.at, x.level, x.message, x.fields", func(r *row, l *model.TaskLogLine) {
		l.TaskID, l.Number, l.Attempt, l.At = r.id(), r.int(), r.int(), r.time()
		l.Level, l.Message, l.Fields = model.LogLevel(r.int()), r.text(), r.json()
	}),
	key:    "x.task_id",
	id:     func(l *model.TaskLogLine) model.ID { return l.TaskID },
	orders: orders[model.TaskLogLine]{created: byLine()},
}

// byLine orders lines by their numbers, of which a task has each once.
func byLine() order[model.TaskLogLine] {
	o := byInt("x.number", func(l *model.TaskLogLine) int { return l.Number })
	o.unique = true
	return o
}

// Logs lists what the agents of each task wrote down, the oldest first. Index: primary key of task_logs.
func (r Tasks) Logs(ctx context.Context, ids []model.ID, attempt *int, level *model.LogLevel, p model.Page) ([]*model.TaskLogConnection, error) {
	w := &where{}
	if attempt != nil {
		w.must("x.attempt = " + w.arg(*attempt))
	}
	if level != nil {
		w.must("x.level >= " + w.arg(int16(*level)))
	}
	return connect[model.TaskLogConnection](ctx, r.logs(w, ids...), p)
}

func (r Tasks) logs(w *where, ids ...model.ID) *list[model.TaskLogLine] {
	return &list[model.TaskLogLine]{
		DB: r.DB, table: &logTable, where: w, sort: logTable.sorting(created, oldestFirst), via: []string{"x.task_id = p.id"}, parents: ids,
	}
}

// LogFrom gives the lines of a task's log after a place, up to a hundred, and whether no more will follow: the task is
// over, and these are its last. A task that is not there is over.
func (r Tasks) LogFrom(ctx context.Context, id model.ID, after *string) (lines []*model.TaskLogEdge, over bool, err error) {
	// The state is read first: lines are written by holders alone, so after the end there are no more.
	err = r.pool.QueryRow(ctx, `SELECT NOT EXISTS (SELECT FROM tasks WHERE id = $1
		AND status NOT IN ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED'))`, pgx.QueryExecModeCacheStatement, [16]byte(id)).Scan(&over)
	if err != nil {
		return nil, false, publicError(err)
	}
	pages, err := connect[model.TaskLogConnection](ctx, r.logs(&where{}, id), model.Page{First: new(maxPage), After: after})
	if err != nil {
		return nil, false, err
	}
	return pages[0].Edges, over && !pages[0].PageInfo.HasNextPage, nil
}

// AppendLog writes lines into the log of a held task. Their numbers are given under the lock of the task's row, so they
// become visible in their order and without gaps. What is more than the log holds is dropped.
func (r Tasks) AppendLog(ctx context.Context, in model.AppendTaskLogInput) (*model.TaskLogPayload, error) {
	p := &model.TaskLogPayload{}
	_, err := r.change(ctx, func(ctx context.Context, c *change) error {
		t, err := c.lockHeld(ctx, in.LeaseToken)
		if err != nil {
			return err
		}
		lines, err := in.NewLines(c.now)
		if err != nil {
			return err
		}
		kept := lines[:min(len(lines), model.MaxLogLines-t.LogLines)]
		p.Task, p.Dropped = t, len(lines)-len(kept)
		p.LineCount = t.LogLines + len(kept)
		return c.appendLog(ctx, t, kept)
	})
	if err == nil {
		r.bell.ring(p.Task.ID)
	}
	return p, err
}

// lockHeld locks the task of a lease. A token that no longer holds it is STALE_LEASE.
func (c *change) lockHeld(ctx context.Context, text string) (*model.Task, error) {
	token, ok := model.ParseLeaseToken(text)
	if !ok {
		return nil, model.Stale()
	}
	t, err := locked[model.Task](ctx, c, token.TaskID, "task")
	if err != nil {
		return nil, stalePerhaps(err)
	}
	if err := c.stamp(ctx); err != nil {
		return nil, err
	}
	if !t.HeldBy(token.Secret, c.caller, c.now) {
		return nil, model.Stale()
	}
	return t, nil
}

func (c *change) appendLog(ctx context.Context, t *model.Task, lines []*model.TaskLogLine) error {
	if len(lines) == 0 {
		return nil
	}
	levels, messages, fields := make([]int16, len(lines)), make([]string, len(lines)), make([]*string, len(lines))
	for i, l := range lines {
		levels[i], messages[i] = int16(l.Level), l.Message
		if l.Fields != nil {
			fields[i] = new(string(l.Fields))
		}
	}
	_, err := c.pg.Exec(ctx, `
		WITH task AS (UPDATE tasks SET log_lines = log_lines + cardinality($2::smallint[]) WHERE id = $1 RETURNING id, attempt, log_lines)
		INSERT INTO task_logs (task_id, number, attempt, at, level, message, fields)
		SELECT task.id, task.log_lines - cardinality($2) + l.n, task.attempt, $5, l.level, l.message, l.fields::jsonb
		FROM task, unnest($2, $3::text[], $4::text[]) WITH ORDINALITY AS l (level, message, fields, n)`,
		pgx.QueryExecModeCacheStatement, [16]byte(t.ID), levels, messages, fields, c.now)
	return err
}

// LogGrows gives what is closed when this process next writes into the log of a task. Other processes write too, so
// whoever waits for lines must look again now and then.
func (r Tasks) LogGrows(id model.ID) <-chan struct{} { return r.bell.wait(id) }

// bell tells those who wait for something of one id that there is news.
type bell struct {
	mu      sync.Mutex // protects waiters
	waiters map[model.ID]chan struct{}
}

func (b *bell) wait(id model.ID) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiters == nil {
		b.waiters = map[model.ID]chan struct{}{}
	}
	if b.waiters[id] == nil {
		b.waiters[id] = make(chan struct{})
	}
	return b.waiters[id]
}

func (b *bell) ring(id model.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if waiting, ok := b.waiters[id]; ok {
		close(waiting)
		delete(b.waiters, id)
	}
}

package db

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"workflowfactory/model"
)

// Get gives the figures, as they were a second or so ago, for the buckets of a span. What it costs depends on the span
// and not on how much work there is.
func (r Stats) Get(ctx context.Context, s model.StatsSpan) (*model.Stats, error) {
	f := figures{span: s, counts: map[statsKey]int{}, took: map[string]*model.Histogram{}, buckets: s.Buckets()}
	var b pgx.Batch
	b.Queue("SELECT kind, status, n FROM stats_count").Query(f.readCounts)
	// Primary key of stats_bucket, for both.
	width, end := int(s.Width()/time.Second), s.From.Add(time.Duration(len(f.buckets))*s.Bucket)
	b.Queue(`SELECT measure, date_bin($4::interval, at, 'epoch'), sum(n)::bigint FROM stats_bucket
		WHERE width = $1 AND measure IN ('COMPLETED', 'FAILED') AND at >= $2 AND at < $3 GROUP BY 1, 2`, width, s.From, end, s.Bucket).Query(f.readThroughput)
	b.Queue(`SELECT measure, bin, sum(n)::bigint FROM stats_bucket
		WHERE width = $1 AND measure IN ('DURATION', 'QUEUE_WAIT', 'APPROVAL_LATENCY') AND at >= $2 AND at < $3
		GROUP BY 1, 2 ORDER BY 1, 2`, width, s.From, end).Query(f.readTook)
	// Indexes: the primary key, and suggestions_status.
	b.Queue(`SELECT coalesce((SELECT sum(n) FROM stats_bucket WHERE width = 3600 AND measure = 'COMPLETED' AND at >= date_trunc('day', now())), 0)::int,
		(SELECT created_at FROM suggestions WHERE status = 'PENDING' ORDER BY created_at, id LIMIT 1)`).QueryRow(func(row pgx.Row) error {
		return row.Scan(&f.today, &f.oldest)
	})
	if err := r.pool.SendBatch(ctx, &b).Close(); err != nil {
		return nil, fmt.Errorf("read the figures: %w", err)
	}
	return f.stats(), nil
}

// figures is what one call gathers.
type figures struct {
	span              model.StatsSpan
	counts            map[statsKey]int
	buckets           []*model.TimeBucket
	completed, failed int
	took              map[string]*model.Histogram
	today             int
	oldest            *time.Time
}

type statsKey struct {
	kind   model.Kind
	status string
}

func (f *figures) readCounts(rows pgx.Rows) error {
	var k statsKey
	var n int
	_, err := pgx.ForEachRow(rows, []any{&k.kind, &k.status, &n}, func() error {
		f.counts[k] = n
		return nil
	})
	return err
}

func (f *figures) readThroughput(rows pgx.Rows) error {
	var measure string
	var at time.Time
	var n int
	_, err := pgx.ForEachRow(rows, []any{&measure, &at, &n}, func() error {
		b := f.buckets[f.span.Index(at)]
		if measure == string(model.TaskStatusCompleted) {
			b.Completed, f.completed = n, f.completed+n
		} else {
			b.Failed, f.failed = n, f.failed+n
		}
		return nil
	})
	return err
}

func (f *figures) readTook(rows pgx.Rows) error {
	var measure string
	var bin, n int
	_, err := pgx.ForEachRow(rows, []any{&measure, &bin, &n}, func() error {
		f.histogram(measure).Add(bin, n)
		return nil
	})
	return err
}

func (f *figures) histogram(measure string) *model.Histogram {
	h := f.took[measure]
	if h == nil {
		h = &model.Histogram{}
		f.took[measure] = h
	}
	return h
}

func (f *figures) stats() *model.Stats {
	return &model.Stats{
		Workflows: f.workflows(), Tasks: f.tasks(), Agents: f.agents(),
		Suggestions:     &model.SuggestionFigures{Pending: f.counts[statsKey{model.KindSuggestion, "PENDING"}], OldestPendingAt: f.oldest},
		SuccessRate:     model.Share(f.completed, f.completed+f.failed),
		Duration:        f.histogram("DURATION").Percentiles(),
		QueueWait:       f.histogram("QUEUE_WAIT").Percentiles(),
		ApprovalLatency: f.histogram("APPROVAL_LATENCY").Percentiles(),
		Throughput:      f.buckets,
	}
}

func (f *figures) workflows() *model.WorkflowFigures {
	n := func(s model.WorkflowStatus) int { return f.counts[statsKey{model.KindWorkflow, string(s)}] }
	w := &model.WorkflowFigures{
		Pending: n(model.WorkflowStatusPending), Running: n(model.WorkflowStatusRunning), Paused: n(model.WorkflowStatusPaused),
		Completed: n(model.WorkflowStatusCompleted), Failed: n(model.WorkflowStatusFailed), Cancelled: n(model.WorkflowStatusCancelled),
	}
	w.Total = w.Pending + w.Running + w.Paused + w.Completed + w.Failed + w.Cancelled
	return w
}

func (f *figures) tasks() *model.TaskFigures {
	n := func(s model.TaskStatus) int { return f.counts[statsKey{model.KindTask, string(s)}] }
	t := &model.TaskFigures{
		Pending: n(model.TaskStatusPending), Ready: n(model.TaskStatusReady), InProgress: n(model.TaskStatusInProgress),
		AwaitingApproval: n(model.TaskStatusAwaitingApproval), Completed: n(model.TaskStatusCompleted), Failed: n(model.TaskStatusFailed),
		Cancelled: n(model.TaskStatusCancelled), Skipped: n(model.TaskStatusSkipped), Overdue: n("OVERDUE"), CompletedToday: f.today,
	}
	t.Total = t.Pending + t.Ready + t.InProgress + t.AwaitingApproval + t.Completed + t.Failed + t.Cancelled + t.Skipped
	return t
}

func (f *figures) agents() *model.AgentFigures {
	n := func(s model.AgentStatus) int { return f.counts[statsKey{model.KindAgent, string(s)}] }
	a := &model.AgentFigures{
		Idle: n(model.AgentStatusIdle), Online: n(model.AgentStatusOnline), Busy: n(model.AgentStatusBusy), Offline: n(model.AgentStatusOffline),
	}
	a.Total = a.Idle + a.Online + a.Busy + a.Offline
	return a
}

// OfAgents gives what people decided about what each agent suggested. Index: primary key.
func (r Stats) OfAgents(ctx context.Context, ids []model.ID) ([]*model.AgentOversight, error) {
	of := make(map[model.ID]*model.AgentOversight, len(ids))
	for _, id := range ids {
		of[id] = &model.AgentOversight{Calibration: []*model.CalibrationBin{}}
	}
	w := &where{}
	w.must("agent_id = ANY(" + w.arg(uuids(ids)) + ")")
	err := r.query(ctx, "SELECT agent_id, bin, approved, rejected FROM stats_verdict WHERE "+w.sql()+" ORDER BY agent_id, bin", w, func(r *row) {
		of[r.id()].Judge(r.int(), r.int(), r.int())
	})
	if err != nil {
		return nil, fmt.Errorf("read what was decided: %w", err)
	}
	all := make([]*model.AgentOversight, len(ids))
	for i, id := range ids {
		all[i] = of[id]
	}
	return all, nil
}

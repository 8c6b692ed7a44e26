package graph

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"workflowfactory/auth"
	"workflowfactory/db"
	"workflowfactory/db/dbtest"
	"workflowfactory/event"
	"workflowfactory/model"
)

// world is a database with something of everything, and the resolvers over it.
type world struct {
	*testing.T
	*Resolver
	url string
	ids []model.ID // of everything
}

// newWorld opens a database of its own, with a feed that runs.
func newWorld(t *testing.T, tracer pgx.QueryTracer) *world {
	t.Helper()
	url := dbtest.URL(t)
	d, err := db.Open(t.Context(), url, db.Options{Tracer: tracer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	feed := event.New(d.Events(), event.Options{Logger: slog.New(slog.DiscardHandler)})
	d.OnCommit(feed.Kick)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = feed.Run(ctx) }() // nil, as the context ends
	t.Cleanup(func() { stop(); <-ended })
	return &world{T: t, url: url, Resolver: &Resolver{
		Workflows: db.Workflows{DB: d}, Tasks: db.Tasks{DB: d}, Agents: db.Agents{DB: d}, Suggestions: db.Suggestions{DB: d},
		Comments: db.Comments{DB: d}, Access: db.Access{DB: d}, History: db.History{DB: d}, Stats: db.Stats{DB: d}, Policies: db.ApprovalPolicies{DB: d}, Events: d.Events(), Feed: feed,
		Fail: func(context.Context, error) {},
	}}
}

// must unpacks what a repository gave.
func must[V any](v V, err error) func(w *world) V {
	return func(w *world) V {
		w.Helper()
		if err != nil {
			w.Fatal(err)
		}
		return v
	}
}

// populate makes workflows of some tasks each. Their tasks are done, failed, held and waiting, with suggestions and
// comments about those that were held.
func (w *world) populate(workflows int, tasks func(i int) int) {
	w.Helper()
	ctx := w.Context()
	var agents []*model.Agent
	for i := range 3 {
		agent := must(w.Agents.Register(ctx, model.RegisterAgentInput{
			Name: fmt.Sprintf("Agent %d", i), Capabilities: []string{"write", "read"}[:i%3], MaxConcurrency: new(1000),
		}))(w).Agent
		agents, w.ids = append(agents, agent), append(w.ids, agent.ID)
	}
	w.people()
	for i := range workflows {
		in := model.CreateWorkflowInput{Name: fmt.Sprintf("Workflow %d", i), Start: new(i%5 != 4), FailurePolicy: new(model.FailurePolicyContinue), Labels: []string{"a", "b"}[:i%3%2+1]}
		if i%2 == 0 {
			in.Description, in.Input = new("a \"quoted\" text"), model.JSON(`{"n": 1}`)
		}
		for j := range tasks(i) {
			task := &model.NewTaskInput{Key: fmt.Sprintf("t%d", j), Name: fmt.Sprintf("Task %d", j), DueAt: new(time.Now().AddDate(0, 0, j%3-1))}
			if j%4 == 3 {
				task.DependsOn = []string{"t0", fmt.Sprintf("t%d", j-1)}
			}
			in.Tasks = append(in.Tasks, task)
		}
		workflow := must(w.Workflows.Create(ctx, in))(w).Workflow
		w.ids = append(w.ids, workflow.ID)
		if *in.Start {
			w.work(workflow, agents[i%3])
		}
	}
	w.settle()
}

// people makes a person and a key.
func (w *world) people() {
	ctx := w.Context()
	user := &model.User{Noun: model.Noun{ID: model.NewID(model.KindUser)}, Email: "eva@example.com", Name: "Eva", Role: model.RoleManager, Active: true}
	must(w.Access.CreateUser(ctx, user))(w)
	key, _, err := auth.Mint(model.CreateAPIKeyInput{Name: "robot", Role: model.RoleViewer}, time.Now())
	must(w.Access.CreateKey(ctx, must(key, err)(w)))(w)
	w.ids = append(w.ids, user.ID, key.ID)
}

// work has an agent take some tasks of a workflow and end them in turn in every way there is.
func (w *world) work(workflow *model.Workflow, agent *model.Agent) {
	w.Helper()
	ctx := model.WithCaller(w.Context(), model.Caller{ID: agent.ID, AgentID: agent.ID, Role: model.RoleAgent})
	leases := must(w.Tasks.Claim(ctx, model.ClaimTasksInput{AgentID: agent.ID, WorkflowID: &workflow.ID, Max: new(5)}))(w)
	for i, l := range leases {
		w.ids = append(w.ids, l.Task.ID)
		suggestion := must(w.Suggestions.Create(ctx, model.CreateSuggestionInput{
			TaskID: l.Task.ID, Action: "act", Reasoning: "because", Confidence: 0.5, Data: model.JSON(`{"x": [1]}`), Blocking: new(i%5 == 3),
		}))(w).Suggestion
		comment := must(w.Comments.Add(w.Context(), model.AddCommentInput{TaskID: l.Task.ID, Body: "well done"}))(w).Comment
		must(w.Comments.Add(ctx, model.AddCommentInput{TaskID: l.Task.ID, Body: "thanks", ParentID: &comment.ID, SuggestionID: &suggestion.ID}))(w)
		w.ids = append(w.ids, suggestion.ID, comment.ID)
		switch i % 5 {
		case 0:
			must(w.Tasks.Complete(ctx, model.CompleteTaskInput{LeaseToken: l.LeaseToken, Result: model.JSON(`{"ok": true}`)}))(w)
		case 1:
			must(w.Tasks.Fail(ctx, model.FailTaskInput{LeaseToken: l.LeaseToken, Error: &model.TaskErrorInput{Message: "no"}, Retryable: new(false)}))(w)
		case 2:
			must(w.Tasks.Release(ctx, model.ReleaseTaskInput{LeaseToken: l.LeaseToken}))(w)
		}
	}
}

// settle moves what depends on the present moment to where it gives the same answer at every moment, and waits until
// the log is complete.
func (w *world) settle() {
	w.Helper()
	conn := must(pgx.Connect(w.Context(), w.url))(w)
	defer conn.Close(context.Background())
	for _, sql := range []string{
		"UPDATE tasks SET started_at = now() + interval '1 year' WHERE started_at IS NOT NULL AND finished_at IS NULL",
		"UPDATE tasks SET ready_at = now() + interval '1 year' WHERE ready_at IS NOT NULL",
		"UPDATE agents SET last_heartbeat_at = now() + interval '1 year' WHERE name <> 'Agent 0'",
		"UPDATE agents SET last_heartbeat_at = now() - interval '1 year' WHERE name = 'Agent 0'",
		"ANALYZE",
	} {
		if _, err := conn.Exec(w.Context(), sql); err != nil {
			w.Fatal(err)
		}
	}
	var last int64
	rows := must(conn.Query(w.Context(), "SELECT max(seq) FROM events"))(w)
	last = must(pgx.CollectExactlyOneRow(rows, pgx.RowTo[int64]))(w)
	must(w.Feed.Position(w.Context(), last))(w)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"workflowfactory/db"
	"workflowfactory/model"
)

type seedCommand struct{ Database }

// Run loads the demonstration data.
func (c *seedCommand) Run(ctx context.Context, log *slog.Logger, out io.Writer) error {
	return c.withMigrated(ctx, log, func(s *store) error { return seed(ctx, s.DB, out) })
}

// seed plays the demonstration through the same repositories as the API, unless it was played before. What an earlier
// run did not get to is done now; two at the same time wait for one another.
func seed(ctx context.Context, d *db.DB, out io.Writer) error {
	var told int
	err := alone(ctx, d, func() (err error) {
		told, err = play(ctx, newCast(d))
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("load demonstration data: %w", err)
	case told == 0:
		fmt.Fprintln(out, "The demonstration data is there already.")
	default:
		fmt.Fprintf(out, "Loaded demonstration data: %d workflows, with their agents, suggestions and comments.\n", told)
	}
	return nil
}

const seedLock = 0x776664_73656564 // "wfdseed"; any number that no other program locks in this database

// alone keeps other processes from doing the same meanwhile. The lock goes with the transaction, however that ends.
func alone(ctx context.Context, d *db.DB, do func() error) error {
	tx, err := d.Bun().BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // it changes nothing
	for _, statement := range []string{"SET LOCAL statement_timeout = 0", "SET LOCAL lock_timeout = 0"} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(?)", seedLock); err != nil {
		return err
	}
	return do()
}

type story struct {
	workflow string
	tell     func(context.Context, *cast) error
}

// play tells those of the stories whose workflow is not there, and counts them.
func play(ctx context.Context, c *cast) (told int, err error) {
	untold, err := c.untold(ctx)
	if err != nil || len(untold) == 0 {
		return 0, err
	}
	if err := c.meet(ctx); err != nil {
		return 0, err
	}
	for _, s := range untold {
		if err := s.tell(ctx, c); err != nil {
			return told, fmt.Errorf("%s: %w", s.workflow, err)
		}
		told++
	}
	return told, nil
}

func (c *cast) untold(ctx context.Context) (untold []story, err error) {
	for _, s := range stories {
		there, err := c.workflows.Page(ctx, &model.WorkflowFilter{Name: &model.StringFilter{Eq: &s.workflow}}, nil, model.Page{First: new(1)})
		if err != nil {
			return nil, err
		}
		if len(there.Edges) == 0 {
			untold = append(untold, s)
		}
	}
	return untold, nil
}

// cast is who takes part, and what they do it with.
type cast struct {
	workflows   db.Workflows
	tasks       db.Tasks
	suggestions db.Suggestions
	comments    db.Comments
	agents      db.Agents
	access      db.Access

	person  model.Caller
	workers map[string]worker
}

// worker is an agent of the demonstration.
type worker struct {
	*cast
	id model.ID
}

func newCast(d *db.DB) *cast {
	return &cast{
		workflows: db.Workflows{DB: d}, tasks: db.Tasks{DB: d}, suggestions: db.Suggestions{DB: d}, comments: db.Comments{DB: d},
		agents: db.Agents{DB: d}, access: db.Access{DB: d}, workers: map[string]worker{},
	}
}

// patient agents are heard from once an hour, since nobody runs them; the other one falls silent at once.
const (
	patient = 3600
	hasty   = 1
)

// meet finds the person and the agents, or makes them.
func (c *cast) meet(ctx context.Context) error {
	person, err := c.access.UserByEmail(ctx, "dana@example.com")
	if e, ok := errors.AsType[*model.Error](err); ok && e.Code == model.NotFound {
		person = &model.User{Email: "dana@example.com", Name: "Dana Reyes", Role: model.RoleManager, Active: true}
		_, err = c.access.CreateUser(ctx, person)
	}
	if err != nil {
		return err
	}
	c.person = model.Caller{ID: person.ID, UserID: person.ID, Name: person.Name, Role: person.Role}
	for _, a := range []struct {
		name, description string
		heartbeat         int
		capabilities      []string
	}{
		{"TicketAnalyzer", "Reads tickets and says what they are about.", patient, []string{"parse_email", "extract_entities", "classify_issue", "prioritize"}},
		{"EmailResponder", "Drafts answers in the tone of the house.", patient, []string{"draft_response", "verify_accuracy", "apply_tone"}},
		{"EscalationManager", "Decides who has to look at a case.", patient, []string{"detect_complexity", "assess_urgency", "route_to_specialist"}},
		{"DataConverter", "Checks records and brings them into another form.", hasty, []string{"validate_data", "transform_format"}},
		{"QualityChecker", "Proof-reads what goes out.", patient, []string{"spell_check", "grammar_check", "style_verification"}},
	} {
		registered, err := c.agents.Register(ctx, model.RegisterAgentInput{
			Name: a.name, Description: &a.description, Capabilities: a.capabilities, HeartbeatIntervalSeconds: &a.heartbeat,
		})
		if err != nil {
			return fmt.Errorf("register %s: %w", a.name, err)
		}
		c.workers[a.name] = worker{cast: c, id: registered.Agent.ID}
	}
	return nil
}

// asPerson has the person do what follows.
func (c *cast) asPerson(ctx context.Context) context.Context { return model.WithCaller(ctx, c.person) }

// as has the agent do what follows.
func (w worker) as(ctx context.Context) context.Context {
	return model.WithCaller(ctx, model.Caller{ID: w.id, AgentID: w.id, Role: model.RoleAgent})
}

// begin creates a workflow and starts it.
func (c *cast) begin(ctx context.Context, in model.CreateWorkflowInput) (*model.Workflow, error) {
	in.Start = new(true)
	p, err := c.workflows.Create(c.asPerson(ctx), in)
	if err != nil {
		return nil, err
	}
	return p.Workflow, nil
}

// claim takes the next task of the workflow.
func (w worker) claim(ctx context.Context, workflow *model.Workflow) (*model.TaskLease, error) {
	leases, err := w.tasks.Claim(w.as(ctx), model.ClaimTasksInput{AgentID: w.id, WorkflowID: &workflow.ID, LeaseSeconds: new(3600)})
	if err == nil && len(leases) == 0 {
		err = fmt.Errorf("nothing to claim in %s", workflow.Name)
	}
	if err != nil {
		return nil, err
	}
	return leases[0], nil
}

// do claims the next task of the workflow and completes it.
func (w worker) do(ctx context.Context, workflow *model.Workflow, result string) error {
	lease, err := w.claim(ctx, workflow)
	if err != nil {
		return err
	}
	return w.complete(ctx, lease, result)
}

func (w worker) complete(ctx context.Context, lease *model.TaskLease, result string) error {
	_, err := w.tasks.Complete(w.as(ctx), model.CompleteTaskInput{LeaseToken: lease.LeaseToken, Result: model.JSON(result)})
	return err
}

func (w worker) progress(ctx context.Context, lease *model.TaskLease, percent int, message string) error {
	_, err := w.tasks.ReportProgress(w.as(ctx), model.ReportProgressInput{LeaseToken: lease.LeaseToken, Progress: &percent, Message: &message})
	return err
}

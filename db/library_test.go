package db_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"workflowfactory/db"
	"workflowfactory/db/dbtest"
	"workflowfactory/model"
)

// library is a database full of rows that nobody wrote through the repositories, and the same rows in memory: what
// reads give can be compared with what it holds. Few values occur, so that there are many ties.
type library struct {
	*testing.T
	*rand.Rand
	db          *db.DB
	workflows   []*model.Workflow
	tasks       []*model.Task
	agents      []*model.Agent
	suggestions []*model.Suggestion
	comments    []*model.Comment
	attempts    []*model.TaskAttempt
	waits       [][2]model.ID // task, and the task that it depends on
	users       []*model.User
	keys        []*model.APIKey
	parts       map[model.ID]map[model.ID]bool // the workflows in which an agent takes part, once it was asked for
}

func newLibrary(t *testing.T, seed uint64) *library {
	t.Helper()
	t.Logf("seed %d", seed)
	d, err := db.Open(t.Context(), dbtest.URL(t), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	l := &library{T: t, Rand: rand.New(rand.NewPCG(seed, 1)), db: d, parts: map[model.ID]map[model.ID]bool{}}
	l.fill()
	l.store()
	return l
}

func (l *library) fill() {
	l.users = several(4, func(i int) *model.User {
		return &model.User{Noun: l.noun(model.KindUser), Email: fmt.Sprintf("%d@example.com", i), Name: l.name(), Role: model.RoleViewer, Active: true}
	})
	l.keys = several(2, func(i int) *model.APIKey {
		return &model.APIKey{Noun: l.noun(model.KindAPIKey), Name: l.name(), Prefix: "wfd", SecretHash: []byte{1}, Role: model.RoleManager}
	})
	l.agents = several(12, l.agent)
	l.workflows = several(30, func(int) *model.Workflow { return l.workflow() })
	l.tasks = several(300, l.task)
	l.attempts = l.someAttempts()
	for range 200 {
		if a, b := l.IntN(len(l.tasks)), l.IntN(len(l.tasks)); a != b && l.tasks[a].WorkflowID == l.tasks[b].WorkflowID {
			l.waits = append(l.waits, [2]model.ID{l.tasks[a].ID, l.tasks[b].ID})
		}
	}
	slices.SortFunc(l.waits, func(a, b [2]model.ID) int { return compareIDs(a[0], b[0])*2 + compareIDs(a[1], b[1]) })
	l.waits = slices.Compact(l.waits)
	l.suggestions = several(200, func(int) *model.Suggestion { return l.suggestion() })
	l.comments = several(150, func(int) *model.Comment { return l.comment() })
}

func several[T any](n int, of func(i int) *T) []*T {
	all := make([]*T, n)
	for i := range all {
		all[i] = of(i)
	}
	return all
}

func pick[T any](l *library, of ...T) T { return of[l.IntN(len(of))] }

// maybe gives v or nothing.
func maybe[T any](l *library, v T) *T {
	if l.IntN(3) == 0 {
		return nil
	}
	return &v
}

var library0 = time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)

// moment is one of few, to the microsecond. None is near now.
func (l *library) moment() time.Time {
	return library0.Add(time.Duration(l.IntN(6))*time.Hour + time.Duration(l.IntN(3))*time.Millisecond + time.Duration(l.IntN(2))*time.Microsecond)
}

// word is one of few; some of its characters mean something to LIKE, to SQL or to JSON.
func (l *library) word() string {
	return pick(l, "alpha", "Alpha", "beta", "50%", "a_b", `a\b`, "o'clock", `"x"`, "Äpfel", "$1", "") + pick(l, "", " one", " two", "%", "_") + pick(l, "", "z")
}

func (l *library) name() string { return "n" + l.word() }

func (l *library) words() []string {
	words := make([]string, l.IntN(3))
	for i := range words {
		words[i] = l.word()
	}
	return words
}

// noun has an id that says nothing about when it was created.
func (l *library) noun(k model.Kind) model.Noun {
	id := model.NewID(k)
	id[5] = byte(l.Uint32())
	id[4] = byte(l.Uint32())
	return model.Noun{ID: id, CreatedAt: l.moment(), UpdatedAt: l.moment(), Version: int64(1 + l.IntN(9))}
}

func (l *library) agent(i int) *model.Agent {
	a := &model.Agent{
		Noun: l.noun(model.KindAgent), Name: fmt.Sprintf("%s %d", l.name(), i), Description: maybe(l, l.word()),
		Status: pick(l, model.AllAgentStatus...), Capabilities: l.words(), Labels: l.words(),
		MaxConcurrency: 2, ActiveTasks: l.IntN(3), HeartbeatIntervalSeconds: 10, CompletedTasks: 3, FailedTasks: 1, BusyMs: 900,
	}
	switch l.IntN(3) { // silent for ever, for an hour, or heard from a moment ago
	case 1:
		a.LastHeartbeatAt = new(time.Now().Add(-time.Hour).UTC().Truncate(time.Microsecond))
	case 2:
		a.LastHeartbeatAt = new(time.Now().UTC().Truncate(time.Microsecond))
		a.HeartbeatIntervalSeconds = 3600
	}
	if i%6 == 0 {
		a.RemovedAt = new(l.moment())
	}
	return a
}

func (l *library) actor() model.ID {
	switch l.IntN(4) {
	case 0:
		return pick(l, l.agents...).ID
	case 1:
		return pick(l, l.keys...).ID
	case 2:
		return model.SystemID
	}
	return pick(l, l.users...).ID
}

func (l *library) workflow() *model.Workflow {
	w := &model.Workflow{
		Noun: l.noun(model.KindWorkflow), Name: l.name(), Description: maybe(l, l.word()), Status: pick(l, model.AllWorkflowStatus...),
		Progress: 25 * l.IntN(5), Priority: model.Priority(1 + l.IntN(4)), Input: model.JSON(`{"a": "\u0026<"}`),
		TriggerType: model.TriggerTypeManual, Labels: l.words(), CreatedByID: l.actor(),
		FailurePolicy: pick(l, model.AllFailurePolicy...), StartedAt: maybe(l, l.moment()),
	}
	if w.Status == model.WorkflowStatusPaused {
		w.PausedAt = new(l.moment())
	}
	if w.Status.IsOver() {
		w.FinishedAt = new(l.moment())
	}
	return w
}

func (l *library) task(i int) *model.Task {
	t := &model.Task{
		Noun: l.noun(model.KindTask), WorkflowID: pick(l, l.workflows...).ID, Key: maybe(l, fmt.Sprintf("%s%d", l.word(), i)), Name: l.name(),
		Description: maybe(l, l.word()), Status: pick(l, model.AllTaskStatus...), Priority: model.Priority(1 + l.IntN(4)),
		RequiredCapabilities: l.words(), Progress: 25 * l.IntN(5), ProgressMessage: maybe(l, l.word()),
		Input: pick(l, nil, model.JSON("null"), model.JSON(`[1, 2]`)), Result: pick(l, nil, model.JSON(`"r"`)),
		MaxAttempts: 3, RetryPolicy: model.RetryPolicy{Backoff: pick(l, model.AllBackoff...), DelaySeconds: 2, MaxDelaySeconds: 300},
		TimeoutSeconds: maybe(l, 60), StartedAt: maybe(l, l.moment()), ReadyAt: new(l.moment()), Route: 1,
	}
	if l.IntN(2) == 0 {
		t.DueAt = new(time.Now().UTC().Truncate(time.Millisecond).Add(time.Duration(l.IntN(5)-2)*24*time.Hour + time.Hour))
	}
	if l.IntN(3) == 0 {
		t.Error = &model.TaskError{Code: "X", Message: l.word(), Retryable: true}
	}
	if l.IntN(2) == 0 {
		t.AssigneeID = pick(l, l.agents...).ID
	}
	if t.Status == model.TaskStatusInProgress || l.IntN(2) == 0 {
		t.AgentID, t.ClaimedAt, t.Attempt = pick(l, l.agents...).ID, new(l.moment()), 1+l.IntN(3)
	}
	if t.Status == model.TaskStatusInProgress {
		t.LeaseToken, t.LeaseExpiresAt = []byte{1}, new(l.moment())
	}
	if t.Status.IsOver() {
		t.FinishedAt = new(l.moment())
	}
	return t
}

func (l *library) someAttempts() []*model.TaskAttempt {
	var attempts []*model.TaskAttempt
	for i, t := range l.tasks {
		for n := range t.Attempt {
			a := &model.TaskAttempt{
				TaskID: t.ID, WorkflowID: t.WorkflowID, Number: n + 1, AgentID: pick(l, l.agents...).ID, LeaseToken: []byte{1},
				ClaimedAt: library0.Add(time.Duration(n*len(l.tasks)+i) * time.Second), // all different
			}
			if n > 0 && l.IntN(2) == 0 {
				a.AgentID = attempts[len(attempts)-1].AgentID
			}
			if n == t.Attempt-1 {
				a.AgentID = t.AgentID
			}
			if l.IntN(2) == 0 {
				a.FinishedAt, a.Outcome = new(l.moment()), new(pick(l, model.AllAttemptOutcome...))
			}
			attempts = append(attempts, a)
		}
	}
	return attempts
}

func (l *library) suggestion() *model.Suggestion {
	t := pick(l, l.tasks...)
	s := &model.Suggestion{
		Noun: l.noun(model.KindSuggestion), Kind: pick(l, model.AllSuggestionKind...), TaskID: t.ID, WorkflowID: t.WorkflowID,
		AgentID: pick(l, l.agents...).ID, Action: l.name(), Reasoning: l.word(), Confidence: float64(l.IntN(5)) / 4,
		Data: model.JSON(`{}`), ActionHash: "h", Status: pick(l, model.AllSuggestionStatus...), Blocking: l.IntN(2) == 0,
		Urgency:           int64(l.IntN(6)) << 60 / 2,
		RequiredApprovals: 1, Decisions: []*model.Decision{}, ExpiresAt: maybe(l, l.moment()), OnExpiry: pick(l, model.AllExpiryAction...),
	}
	if s.Status != model.SuggestionStatusPending {
		s.DecidedAt, s.DecidedByID = new(l.moment()), l.actor()
		s.Decisions = append(s.Decisions, &model.Decision{Verdict: model.VerdictApprove, ByID: s.DecidedByID, At: *s.DecidedAt, Note: maybe(l, l.word())})
	}
	return s
}

func (l *library) comment() *model.Comment {
	t := pick(l, l.tasks...)
	c := &model.Comment{
		Noun: l.noun(model.KindComment), TaskID: t.ID, WorkflowID: t.WorkflowID, AuthorID: l.actor(), Body: l.name(), Mentions: []model.ID{}, EditedAt: maybe(l, l.moment()),
	}
	for _, s := range l.suggestions {
		if s.TaskID == t.ID && l.IntN(2) == 0 {
			c.SuggestionID = s.ID
		}
	}
	return c
}

func (l *library) store() {
	l.Helper()
	for _, rows := range []any{&l.users, &l.agents, &l.keys, &l.workflows, &l.tasks, &l.suggestions, &l.comments} {
		if _, err := l.db.Bun().NewInsert().Model(rows).Exec(l.Context()); err != nil {
			l.Fatal(err)
		}
	}
	l.exec("INSERT INTO task_attempts (task_id, workflow_id, number, agent_id, claimed_at, finished_at, outcome, lease_token) VALUES ?", rowsOf(l.attempts, func(a *model.TaskAttempt) []any {
		return []any{a.TaskID, a.WorkflowID, a.Number, a.AgentID, a.ClaimedAt, a.FinishedAt, (*string)(a.Outcome), []byte{1}}
	}))
	l.exec("INSERT INTO task_dependencies VALUES ?", rowsOf(l.waits, func(w [2]model.ID) []any { return []any{w[0], w[1]} }))
	l.exec("ANALYZE")
}

func rowsOf[T any](rows []T, values func(T) []any) any {
	tuples := make([]bun.TupleValues, len(rows))
	for i, r := range rows {
		tuples[i] = bun.Tuple(values(r))
	}
	return bun.List(tuples)
}

func (l *library) exec(sql string, args ...any) {
	l.Helper()
	if _, err := l.db.Bun().NewRaw(sql, args...).Exec(l.Context()); err != nil {
		l.Fatal(err)
	}
}

func compareIDs(a, b model.ID) int { return slices.Compare(a[:], b[:]) }

package db_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"workflowfactory/db"
	"workflowfactory/model"
)

// asStored compares nouns by what the API shows of them.
var asStored = gocmp.Options{
	gocmp.Comparer(func(a, b model.JSON) bool { return (a == nil) == (b == nil) && (a == nil || equalJSON(a, b)) }),
	gocmp.FilterPath(func(p gocmp.Path) bool {
		switch p.Last().String() {
		case ".Route", ".LeaseToken", ".SecretHash": // no read gives these
			return true
		}
		return false
	}, gocmp.Ignore()),
}

func equalJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// TestByIDs looks up everything, in any order, some twice and some that is not there, as every kind of caller.
func TestByIDs(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, rand.Uint64())
	for range 6 {
		ctx := l.someone(t.Context())
		in := l.inWorkflow(model.CallerFrom(ctx))
		caller := model.CallerFrom(ctx)
		checkByIDs(t, l, ctx, db.Workflows{DB: l.db}.ByIDs, l.workflows, (*model.Workflow).GetID, func(w *model.Workflow) bool { return in(w.ID) })
		checkByIDs(t, l, ctx, db.Tasks{DB: l.db}.ByIDs, l.tasks, (*model.Task).GetID, func(t *model.Task) bool { return in(t.WorkflowID) })
		checkByIDs(t, l, ctx, db.Suggestions{DB: l.db}.ByIDs, l.suggestions, (*model.Suggestion).GetID, func(s *model.Suggestion) bool { return in(s.WorkflowID) })
		checkByIDs(t, l, ctx, db.Comments{DB: l.db}.ByIDs, l.comments, (*model.Comment).GetID, func(c *model.Comment) bool { return in(c.WorkflowID) })
		agents := several(len(l.agents), func(i int) *model.Agent { return l.shownAgent(l.agents[i]) })
		checkByIDs(t, l, ctx, db.Agents{DB: l.db}.ByIDs, agents, (*model.Agent).GetID, func(a *model.Agent) bool {
			return a.RemovedAt == nil && (caller.Role != model.RoleAgent || a.ID == caller.AgentID)
		})
		// What is referred to is found whoever asks.
		checkByIDs(t, l, ctx, db.Workflows{DB: l.db}.Referenced, l.workflows, (*model.Workflow).GetID, everybody[model.Workflow](caller))
		checkByIDs(t, l, ctx, db.Tasks{DB: l.db}.Referenced, l.tasks, (*model.Task).GetID, everybody[model.Task](caller))
		checkByIDs(t, l, ctx, db.Suggestions{DB: l.db}.Referenced, l.suggestions, (*model.Suggestion).GetID, everybody[model.Suggestion](caller))
		checkByIDs(t, l, ctx, db.Comments{DB: l.db}.Referenced, l.comments, (*model.Comment).GetID, everybody[model.Comment](caller))
		checkByIDs(t, l, ctx, db.Agents{DB: l.db}.Referenced, agents, (*model.Agent).GetID, everybody[model.Agent](caller))
	}
}

// shownAgent is an agent as it is now, whatever was last announced.
func (l *library) shownAgent(a *model.Agent) *model.Agent {
	now := *a
	now.Status = a.StatusAt(time.Now(), a.ActiveTasks)
	return &now
}

func checkByIDs[T any](t *testing.T, l *library, ctx context.Context, byIDs func(context.Context, []model.ID) ([]*T, error), rows []*T, id func(*T) model.ID, visible func(*T) bool) {
	t.Helper()
	want := slices.Clone(rows)
	want = append(want, rows[0], nil, nil)
	l.Shuffle(len(want), func(i, j int) { want[i], want[j] = want[j], want[i] })
	ids := make([]model.ID, len(want))
	for i, w := range want {
		switch {
		case w != nil:
			ids[i] = id(w)
		case i%2 == 0:
			ids[i] = model.NewID(model.KindTask)
		}
		if w != nil && !visible(w) {
			want[i] = nil
		}
	}
	got, err := byIDs(ctx, ids)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want, got, asStored); diff != "" {
		t.Errorf("%T by id (-want +got):\n%s", rows, diff)
	}
}

// TestActors finds everybody who can have done something, removed agents too.
func TestActors(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, rand.Uint64())
	var ids []model.ID
	var want []model.Actor
	for _, a := range l.agents {
		ids, want = append(ids, a.ID), append(want, l.shownAgent(a))
	}
	for _, u := range l.users {
		ids, want = append(ids, u.ID, model.SystemID, model.NewID(model.KindUser)), append(want, u, model.System{}, nil)
	}
	for _, k := range l.keys {
		ids, want = append(ids, k.ID, model.ID{}, l.tasks[0].ID), append(want, k, nil, nil)
	}
	got, err := l.db.Actors(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want, got, asStored); diff != "" {
		t.Errorf("actors (-want +got):\n%s", diff)
	}
}

// TestAccountsAreForAdministratorsAndOneself looks up users and keys as a node.
func TestAccountsAreForAdministratorsAndOneself(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, rand.Uint64())
	me, other, key := l.users[0].ID, l.users[1].ID, l.keys[0].ID
	for name, c := range map[string]struct {
		caller model.Caller
		want   []bool
	}{
		"an administrator sees all":       {model.Caller{ID: other, Role: model.RoleAdmin}, []bool{true, true, true}},
		"a person sees itself":            {model.Caller{ID: me, UserID: me, Role: model.RoleViewer}, []bool{true, false, false}},
		"a key sees itself":               {model.Caller{ID: key, Role: model.RoleManager}, []bool{false, false, true}},
		"a person's key sees that person": {model.Caller{ID: key, UserID: me, Role: model.RoleManager}, []bool{true, false, true}},
		"nobody sees nobody":              {model.Caller{}, []bool{false, false, false}},
	} {
		nodes, err := db.Access{DB: l.db}.ByIDs(model.WithCaller(t.Context(), c.caller), []model.ID{me, other, key})
		if err != nil {
			t.Fatal(err)
		}
		if got := each(3, func(i int) bool { return nodes[i] != nil }); !slices.Equal(got, c.want) {
			t.Errorf("%s: found %v", name, got)
		}
	}
}

// TestRelations compares what belongs to several parents, one of them twice and one that is not there.
func TestRelations(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, rand.Uint64())
	tasks := db.Tasks{DB: l.db}
	for range 4 {
		ctx := l.someone(t.Context())
		in := l.inWorkflow(model.CallerFrom(ctx))
		ids := l.someOf(idsOf(l.tasks, (*model.Task).GetID))
		checkChildren(t, ids, l.dependencies, (*model.Task).GetID, func() ([][]*model.Task, error) { return tasks.Dependencies(ctx, ids) })
		checkChildren(t, ids, l.dependents, (*model.Task).GetID, func() ([][]*model.Task, error) { return tasks.Dependents(ctx, ids) })
		checkChildren(t, ids, l.attemptsAt, attemptKey, func() ([][]*model.TaskAttempt, error) { return tasks.Attempts(ctx, ids) })
		agents := l.someOf(idsOf(l.agents, (*model.Agent).GetID))
		checkChildren(t, agents, func(id model.ID) []*model.Task { return l.recent(id, in, 20) }, (*model.Task).GetID,
			func() ([][]*model.Task, error) { return tasks.RecentOfAgents(ctx, agents, 20) })
		checkChildren(t, agents, func(id model.ID) []*model.Task { return l.current(id, in) }, (*model.Task).GetID, func() ([][]*model.Task, error) {
			current, err := tasks.CurrentOfAgents(ctx, agents)
			return each(len(current), func(i int) []*model.Task {
				return slices.DeleteFunc([]*model.Task{current[i]}, func(t *model.Task) bool { return t == nil })
			}), err
		})
		l.checkCounts(t, ctx)
	}
}

// attemptKey stands for the id that attempts do not have.
func attemptKey(a *model.TaskAttempt) model.ID {
	id := a.TaskID
	id[0], id[1] = byte(a.Number), byte(a.ClaimedAt.Unix())
	return id
}

func checkChildren[T any](t *testing.T, parents []model.ID, want func(model.ID) []*T, id func(*T) model.ID, ask func() ([][]*T, error)) {
	t.Helper()
	got, err := ask()
	if err != nil {
		t.Fatal(err)
	}
	for i, parent := range parents {
		if got, want := idsOf(got[i], id), idsOf(want(parent), id); !slices.Equal(got, want) {
			t.Errorf("of %v:\ngot  %v\nwant %v", parent, got, want)
		}
	}
}

func (l *library) task1(id model.ID) *model.Task {
	return l.tasks[slices.IndexFunc(l.tasks, func(t *model.Task) bool { return t.ID == id })]
}

func (l *library) waiting(of func(wait [2]model.ID) (mine, other model.ID), task model.ID) []*model.Task {
	var tasks []*model.Task
	for _, w := range l.waits {
		if mine, other := of(w); mine == task {
			tasks = append(tasks, l.task1(other))
		}
	}
	return inOrder(tasks, (*model.Task).GetID, func(t *model.Task) any { return t.CreatedAt }, false)
}

func (l *library) dependencies(id model.ID) []*model.Task {
	return l.waiting(func(w [2]model.ID) (mine, other model.ID) { return w[0], w[1] }, id)
}

func (l *library) dependents(id model.ID) []*model.Task {
	return l.waiting(func(w [2]model.ID) (mine, other model.ID) { return w[1], w[0] }, id)
}

func (l *library) attemptsAt(id model.ID) []*model.TaskAttempt {
	var attempts []*model.TaskAttempt
	for _, a := range l.attempts {
		if a.TaskID == id {
			attempts = append(attempts, a)
		}
	}
	slices.SortFunc(attempts, func(a, b *model.TaskAttempt) int { return b.Number - a.Number })
	return attempts
}

// recent gives the tasks that an agent claimed last. Claims of the library are a second apart.
func (l *library) recent(agent model.ID, in func(model.ID) bool, limit int) []*model.Task {
	claimed := slices.Clone(l.attempts)
	slices.SortFunc(claimed, func(a, b *model.TaskAttempt) int { return b.ClaimedAt.Compare(a.ClaimedAt) })
	var tasks []*model.Task
	for _, a := range claimed {
		t := l.task1(a.TaskID)
		if a.AgentID == agent && in(t.WorkflowID) && !slices.Contains(tasks, t) && len(tasks) < limit {
			tasks = append(tasks, t)
		}
	}
	return tasks
}

func (l *library) current(agent model.ID, in func(model.ID) bool) []*model.Task {
	var held []*model.Task
	for _, t := range l.tasks {
		if t.AgentID == agent && t.Status == model.TaskStatusInProgress && in(t.WorkflowID) {
			held = append(held, t)
		}
	}
	held = inOrder(held, (*model.Task).GetID, func(t *model.Task) any { return *t.ClaimedAt }, false)
	return held[:min(1, len(held))]
}

func (l *library) checkCounts(t *testing.T, ctx context.Context) {
	t.Helper()
	ids := l.someOf(idsOf(l.workflows, (*model.Workflow).GetID))
	got, err := db.Workflows{DB: l.db}.TaskCounts(ctx, ids)
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range ids {
		n := map[model.TaskStatus]int{}
		for _, t := range l.tasks {
			if t.WorkflowID == id {
				n[t.Status]++
				n[""]++
			}
		}
		want := &model.TaskCounts{
			Total: n[""], Pending: n[model.TaskStatusPending], Ready: n[model.TaskStatusReady], InProgress: n[model.TaskStatusInProgress],
			AwaitingApproval: n[model.TaskStatusAwaitingApproval], Completed: n[model.TaskStatusCompleted], Failed: n[model.TaskStatusFailed],
			Cancelled: n[model.TaskStatusCancelled], Skipped: n[model.TaskStatusSkipped],
		}
		if *got[i] != *want {
			t.Errorf("got  %+v\nwant %+v", got[i], want)
		}
	}
}

// TestAgentIsOfflineOnceSilent holds the SQL of an agent's status against the rule.
func TestAgentIsOfflineOnceSilent(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, 1)
	a := l.agents[1]
	for _, c := range []struct {
		silent    time.Duration
		active    int
		status    model.AgentStatus
		announced model.AgentStatus
	}{
		{29 * time.Second, 0, model.AgentStatusIdle, model.AgentStatusBusy},
		{29 * time.Second, 1, model.AgentStatusOnline, model.AgentStatusOffline},
		{29 * time.Second, 2, model.AgentStatusBusy, model.AgentStatusIdle},
		{31 * time.Second, 2, model.AgentStatusOffline, model.AgentStatusBusy},
	} {
		l.exec("UPDATE agents SET last_heartbeat_at = now() - make_interval(secs => ?), heartbeat_interval_seconds = 10, max_concurrency = 2, active_tasks = ?, status = ? WHERE id = ?",
			c.silent.Seconds(), c.active, c.announced, a.ID)
		page, err := db.Agents{DB: l.db}.Page(t.Context(), &model.AgentFilter{ID: &model.IDFilter{Eq: &a.ID}, Status: &model.AgentStatusFilter{Eq: &c.status}}, nil, model.Page{})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Edges) != 1 || page.Edges[0].Node.Status != c.status {
			t.Errorf("silent for %v with %d tasks: not found as %s", c.silent, c.active, c.status)
		}
	}
}

package db_test

import (
	"context"
	"reflect"
	"slices"
	"time"

	"workflowfactory/db"
	"workflowfactory/model"
)

// someone is an administrator, an agent, or an agent's key that belongs to no agent yet.
func (l *library) someone(ctx context.Context) context.Context {
	switch l.IntN(6) {
	case 0:
		return model.WithCaller(ctx, model.Caller{ID: l.keys[0].ID, Role: model.RoleAgent})
	case 1, 2:
		return model.WithCaller(ctx, model.Caller{ID: l.keys[0].ID, Role: model.RoleAgent, AgentID: pick(l, l.agents...).ID})
	}
	return l.administrator(ctx)
}

func (l *library) administrator(ctx context.Context) context.Context {
	return model.WithCaller(ctx, model.Caller{ID: l.users[0].ID, Role: model.RoleAdmin})
}

// inWorkflow says whether the caller may see what is in a workflow.
func (l *library) inWorkflow(c model.Caller) func(workflow model.ID) bool {
	if c.Role != model.RoleAgent {
		return func(model.ID) bool { return true }
	}
	part := l.partOf(c.AgentID)
	return func(id model.ID) bool { return !c.AgentID.IsZero() && part[id] }
}

// someOf gives some of the parents, one of them twice, and one that is not there.
func (l *library) someOf(parents []model.ID) []model.ID {
	if parents == nil {
		return []model.ID{{}}
	}
	a, b := pick(l, parents...), pick(l, parents...)
	return []model.ID{a, b, model.NewID(a.Kind()), a}
}

func someOrder[T any](l *library, of *listing[T]) *asked {
	if of.filter == nil || l.IntN(4) == 0 {
		return nil
	}
	var fields []string
	for f := range of.keys {
		fields = append(fields, f)
	}
	slices.Sort(fields)
	return &asked{field: pick(l, fields...), direction: pick(l, model.AllOrderDirection...)}
}

// someFilter fills in a few fields of a filter; nil for none.
func (l *library) someFilter(kind reflect.Type) any {
	if kind == nil || l.IntN(5) == 0 {
		return nil
	}
	return l.filter(kind, 0).Interface()
}

func (l *library) filter(kind reflect.Type, depth int) reflect.Value {
	f := reflect.New(kind)
	for range l.IntN(3) + depth%2 {
		i := l.IntN(kind.NumField())
		l.fillField(kind, kind.Field(i).Name, f.Elem().Field(i), depth)
	}
	return f
}

func (l *library) fillField(kind reflect.Type, name string, field reflect.Value, depth int) {
	switch name {
	case "And", "Or":
		field.Set(reflect.MakeSlice(field.Type(), 0, 2))
		for range l.IntN(3) {
			if depth < 3 {
				field.Set(reflect.Append(field, l.filter(kind, depth+1)))
			}
		}
		return
	case "Not":
		if depth < 3 {
			field.Set(l.filter(kind, depth+1))
		}
		return
	}
	if field.Type().Elem().Kind() == reflect.Bool {
		field.Set(reflect.ValueOf(new(l.IntN(2) == 0)))
		return
	}
	field.Set(reflect.New(field.Type().Elem()))
	for range 1 + l.IntN(2) {
		i := l.IntN(field.Elem().NumField())
		l.fillComparison(field.Elem().Field(i))
	}
}

func (l *library) fillComparison(field reflect.Value) {
	of := field.Type().Elem()
	if field.Kind() == reflect.Pointer {
		field.Set(reflect.New(of))
		field.Elem().Set(l.value(of))
		return
	}
	field.Set(reflect.MakeSlice(field.Type(), 0, 3))
	for range l.IntN(4) {
		field.Set(reflect.Append(field, l.value(of)))
	}
}

// value is one that rows have, or nearly.
func (l *library) value(of reflect.Type) reflect.Value {
	var v any
	switch reflect.Zero(of).Interface().(type) {
	case string:
		v = pick(l, l.word(), l.name(), pick(l, l.tasks...).Name, "", "%", "_", "A", "ä", "n", "'; DROP TABLE tasks; --")
	case model.ID:
		v = pick(l, pick(l, l.workflows...).ID, pick(l, l.tasks...).ID, pick(l, l.agents...).ID, pick(l, l.suggestions...).ID, model.ID{})
	case int:
		v = pick(l, 0, 25, 50, 60, 100, -1, 1<<31-1)
	case float64:
		v = pick(l, 0, 0.25, 0.5, 0.6, 1)
	case time.Time:
		v = pick(l, library0.Add(time.Duration(l.IntN(100))*time.Second), l.moment(), l.moment().Truncate(time.Millisecond), time.Now().UTC().Truncate(time.Hour))
	case model.Priority:
		v = model.Priority(1 + l.IntN(4))
	case model.WorkflowStatus:
		v = pick(l, model.AllWorkflowStatus...)
	case model.TaskStatus:
		v = pick(l, model.AllTaskStatus...)
	case model.AgentStatus:
		v = pick(l, model.AllAgentStatus...)
	case model.SuggestionStatus:
		v = pick(l, model.AllSuggestionStatus...)
	case model.EventType:
		v = pick(l, model.AllEventType...)
	case model.EntityType:
		v = pick(l, model.AllEntityType...)
	case model.SuggestionKind:
		v = pick(l, model.AllSuggestionKind...)
	default:
		panic(of.String())
	}
	return reflect.ValueOf(v)
}

// filterOf gives the filter back its type.
func filterOf[F any](f any) *F {
	if f == nil {
		return nil
	}
	return f.(*F)
}

func (l *library) allWorkflows() *listing[model.Workflow] {
	return &listing[model.Workflow]{
		rows: l.workflows, id: (*model.Workflow).GetID, value: l.workflowValue, filter: reflect.TypeFor[model.WorkflowFilter](), desc: true,
		keys: map[string]func(*model.Workflow) any{
			"CREATED_AT":  func(w *model.Workflow) any { return w.CreatedAt },
			"UPDATED_AT":  func(w *model.Workflow) any { return w.UpdatedAt },
			"NAME":        func(w *model.Workflow) any { return w.Name },
			"PRIORITY":    func(w *model.Workflow) any { return int(w.Priority) },
			"PROGRESS":    func(w *model.Workflow) any { return w.Progress },
			"FINISHED_AT": func(w *model.Workflow) any { return orNever(w.FinishedAt) },
		},
		seen: func(c model.Caller) func(*model.Workflow) bool {
			in := l.inWorkflow(c)
			return func(w *model.Workflow) bool { return in(w.ID) }
		},
		ask: func(ctx context.Context, _ []model.ID, f any, o *asked, p model.Page) ([]*shown, error) {
			var order *model.WorkflowOrder
			if o != nil {
				order = &model.WorkflowOrder{Field: model.WorkflowOrderField(o.field), Direction: o.direction}
			}
			c, err := db.Workflows{DB: l.db}.Page(ctx, filterOf[model.WorkflowFilter](f), order, p)
			if err != nil {
				return nil, err
			}
			return []*shown{show(c.Edges, c.PageInfo, c.Count, (*model.Workflow).GetID)}, nil
		},
	}
}

type taskPages func(ctx context.Context, ids []model.ID, f *model.TaskFilter, o *model.TaskOrder, p model.Page) ([]*model.TaskConnection, error)

func (l *library) taskListing(pages taskPages) *listing[model.Task] {
	return &listing[model.Task]{
		rows: l.tasks, id: (*model.Task).GetID, value: l.taskValue, filter: reflect.TypeFor[model.TaskFilter](),
		keys: map[string]func(*model.Task) any{
			"CREATED_AT":  func(t *model.Task) any { return t.CreatedAt },
			"UPDATED_AT":  func(t *model.Task) any { return t.UpdatedAt },
			"NAME":        func(t *model.Task) any { return t.Name },
			"PRIORITY":    func(t *model.Task) any { return int(t.Priority) },
			"DUE_AT":      func(t *model.Task) any { return orNever(t.DueAt) },
			"FINISHED_AT": func(t *model.Task) any { return orNever(t.FinishedAt) },
		},
		seen: func(c model.Caller) func(*model.Task) bool {
			in := l.inWorkflow(c)
			return func(t *model.Task) bool { return in(t.WorkflowID) }
		},
		ask: func(ctx context.Context, ids []model.ID, f any, o *asked, p model.Page) ([]*shown, error) {
			var order *model.TaskOrder
			if o != nil {
				order = &model.TaskOrder{Field: model.TaskOrderField(o.field), Direction: o.direction}
			}
			connections, err := pages(ctx, ids, filterOf[model.TaskFilter](f), order, p)
			return each(len(connections), func(i int) *shown {
				return show(connections[i].Edges, connections[i].PageInfo, connections[i].Count, (*model.Task).GetID)
			}), err
		},
	}
}

func (l *library) allTasks() *listing[model.Task] {
	of := l.taskListing(func(ctx context.Context, _ []model.ID, f *model.TaskFilter, o *model.TaskOrder, p model.Page) ([]*model.TaskConnection, error) {
		return alone(db.Tasks{DB: l.db}.Page(ctx, f, o, p))
	})
	of.desc = true
	return of
}

// alone makes a batch of one.
func alone[C any](c *C, err error) ([]*C, error) {
	if err != nil {
		return nil, err
	}
	return []*C{c}, nil
}

// everybody sees what is in something that they see.
func everybody[T any](model.Caller) func(*T) bool { return func(*T) bool { return true } }

func (l *library) tasksOfWorkflows() *listing[model.Task] {
	of := l.taskListing(db.Tasks{DB: l.db}.OfWorkflows)
	of.parents, of.seen = idsOf(l.workflows, (*model.Workflow).GetID), everybody
	of.belongs = func(parent model.ID, t *model.Task) bool { return t.WorkflowID == parent }
	return of
}

func (l *library) tasksOfAgents() *listing[model.Task] {
	of := l.taskListing(db.Tasks{DB: l.db}.OfAgents)
	of.parents = idsOf(l.agents, (*model.Agent).GetID)
	of.belongs = func(parent model.ID, t *model.Task) bool { return t.AgentID == parent || t.AssigneeID == parent }
	return of
}

type agentPages func(ctx context.Context, ids []model.ID, f *model.AgentFilter, o *model.AgentOrder, p model.Page) ([]*model.AgentConnection, error)

func (l *library) agentListing(pages agentPages) *listing[model.Agent] {
	return &listing[model.Agent]{
		rows: l.agents, id: (*model.Agent).GetID, value: l.agentValue, filter: reflect.TypeFor[model.AgentFilter](),
		keys: map[string]func(*model.Agent) any{
			"CREATED_AT":        func(a *model.Agent) any { return a.CreatedAt },
			"UPDATED_AT":        func(a *model.Agent) any { return a.UpdatedAt },
			"NAME":              func(a *model.Agent) any { return a.Name },
			"LAST_HEARTBEAT_AT": func(a *model.Agent) any { return orNever(a.LastHeartbeatAt) },
		},
		seen: func(c model.Caller) func(*model.Agent) bool {
			return func(a *model.Agent) bool {
				return a.RemovedAt == nil && (c.Role != model.RoleAgent || a.ID == c.AgentID)
			}
		},
		ask: func(ctx context.Context, ids []model.ID, f any, o *asked, p model.Page) ([]*shown, error) {
			var order *model.AgentOrder
			if o != nil {
				order = &model.AgentOrder{Field: model.AgentOrderField(o.field), Direction: o.direction}
			}
			connections, err := pages(ctx, ids, filterOf[model.AgentFilter](f), order, p)
			return each(len(connections), func(i int) *shown {
				return show(connections[i].Edges, connections[i].PageInfo, connections[i].Count, (*model.Agent).GetID)
			}), err
		},
	}
}

func (l *library) allAgents() *listing[model.Agent] {
	of := l.agentListing(func(ctx context.Context, _ []model.ID, f *model.AgentFilter, o *model.AgentOrder, p model.Page) ([]*model.AgentConnection, error) {
		return alone(db.Agents{DB: l.db}.Page(ctx, f, o, p))
	})
	of.desc = true
	return of
}

func (l *library) agentsOfWorkflows() *listing[model.Agent] {
	of := l.agentListing(db.Agents{DB: l.db}.OfWorkflows)
	of.parents = idsOf(l.workflows, (*model.Workflow).GetID)
	of.seen = func(model.Caller) func(*model.Agent) bool {
		return func(a *model.Agent) bool { return a.RemovedAt == nil }
	}
	of.belongs = func(parent model.ID, a *model.Agent) bool { return slices.Contains(l.participants(parent), a.ID) }
	return of
}

type suggestionPages func(ctx context.Context, ids []model.ID, f *model.SuggestionFilter, o *model.SuggestionOrder, p model.Page) ([]*model.SuggestionConnection, error)

func (l *library) suggestionListing(pages suggestionPages) *listing[model.Suggestion] {
	return &listing[model.Suggestion]{
		rows: l.suggestions, id: (*model.Suggestion).GetID, value: l.suggestionValue, filter: reflect.TypeFor[model.SuggestionFilter](),
		keys: map[string]func(*model.Suggestion) any{
			"CREATED_AT": func(s *model.Suggestion) any { return s.CreatedAt },
			"UPDATED_AT": func(s *model.Suggestion) any { return s.UpdatedAt },
			"CONFIDENCE": func(s *model.Suggestion) any { return s.Confidence },
			"EXPIRES_AT": func(s *model.Suggestion) any { return orNever(s.ExpiresAt) },
			"URGENCY":    func(s *model.Suggestion) any { return int(s.Urgency) },
		},
		seen: func(c model.Caller) func(*model.Suggestion) bool {
			in := l.inWorkflow(c)
			return func(s *model.Suggestion) bool { return in(s.WorkflowID) }
		},
		ask: func(ctx context.Context, ids []model.ID, f any, o *asked, p model.Page) ([]*shown, error) {
			var order *model.SuggestionOrder
			if o != nil {
				order = &model.SuggestionOrder{Field: model.SuggestionOrderField(o.field), Direction: o.direction}
			}
			connections, err := pages(ctx, ids, filterOf[model.SuggestionFilter](f), order, p)
			return each(len(connections), func(i int) *shown {
				return show(connections[i].Edges, connections[i].PageInfo, connections[i].Count, (*model.Suggestion).GetID)
			}), err
		},
	}
}

func (l *library) allSuggestions() *listing[model.Suggestion] {
	of := l.suggestionListing(func(ctx context.Context, _ []model.ID, f *model.SuggestionFilter, o *model.SuggestionOrder, p model.Page) ([]*model.SuggestionConnection, error) {
		return alone(db.Suggestions{DB: l.db}.Page(ctx, f, o, p))
	})
	of.desc = true
	return of
}

func (l *library) suggestionsOfWorkflows() *listing[model.Suggestion] {
	of := l.suggestionListing(db.Suggestions{DB: l.db}.OfWorkflows)
	of.parents, of.seen = idsOf(l.workflows, (*model.Workflow).GetID), everybody
	of.belongs = func(parent model.ID, s *model.Suggestion) bool { return s.WorkflowID == parent }
	return of
}

func (l *library) suggestionsOfTasks() *listing[model.Suggestion] {
	of := l.suggestionListing(db.Suggestions{DB: l.db}.OfTasks)
	of.parents, of.seen = idsOf(l.tasks, (*model.Task).GetID), everybody
	of.belongs = func(parent model.ID, s *model.Suggestion) bool { return s.TaskID == parent }
	return of
}

func (l *library) suggestionsOfAgents() *listing[model.Suggestion] {
	of := l.suggestionListing(db.Suggestions{DB: l.db}.OfAgents)
	of.parents = idsOf(l.agents, (*model.Agent).GetID)
	of.belongs = func(parent model.ID, s *model.Suggestion) bool { return s.AgentID == parent }
	return of
}

type commentPages func(ctx context.Context, ids []model.ID, p model.Page) ([]*model.CommentConnection, error)

func (l *library) commentListing(pages commentPages, parents []model.ID, of func(*model.Comment) model.ID) *listing[model.Comment] {
	return &listing[model.Comment]{
		rows: l.comments, id: (*model.Comment).GetID, parents: parents, seen: everybody[model.Comment],
		keys:    map[string]func(*model.Comment) any{"CREATED_AT": func(c *model.Comment) any { return c.CreatedAt }},
		belongs: func(parent model.ID, c *model.Comment) bool { return of(c) == parent },
		ask: func(ctx context.Context, ids []model.ID, _ any, _ *asked, p model.Page) ([]*shown, error) {
			connections, err := pages(ctx, ids, p)
			return each(len(connections), func(i int) *shown {
				return show(connections[i].Edges, connections[i].PageInfo, connections[i].Count, (*model.Comment).GetID)
			}), err
		},
	}
}

func (l *library) commentsOfTasks() *listing[model.Comment] {
	return l.commentListing(db.Comments{DB: l.db}.OfTasks, idsOf(l.tasks, (*model.Task).GetID), func(c *model.Comment) model.ID { return c.TaskID })
}

func (l *library) commentsOfSuggestions() *listing[model.Comment] {
	return l.commentListing(db.Comments{DB: l.db}.OfSuggestions, idsOf(l.suggestions, (*model.Suggestion).GetID), func(c *model.Comment) model.ID { return c.SuggestionID })
}

package server_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"workflowfactory/model"
)

// Who comes back and wants to be current gets the newest event about each workflow, that it is gone included, and what
// comes from then on; whether executions are shared makes no difference. Without the wish everything comes.
func TestConflatedSubscriptionsCatchUpWithTheNewest(t *testing.T) {
	t.Parallel()
	const workflows, changes = 3, 20
	w := start(t, nil)
	_, key := w.key(model.RoleManager)
	begin := w.now(key)
	var ids []string
	for i := range workflows {
		ids = append(ids, w.workflow(key, fmt.Sprint("flow ", i)))
	}
	for i := range changes {
		var text strings.Builder
		for j, id := range ids {
			fmt.Fprintf(&text, ` w%d: updateWorkflow(input: {id: %q, name: "name %d"}) { cursor }`, j, id, i)
		}
		if r := w.query(key, "mutation {"+text.String()+"}", nil); r.code() != "" {
			t.Fatalf("%+v", r)
		}
	}
	if r := w.query(key, `mutation($id: ID!) { deleteWorkflow(input: {id: $id}) { cursor } }`, map[string]any{"id": ids[1]}); r.code() != "" {
		t.Fatalf("%+v", r)
	}
	last := fmt.Sprintf("name %d", changes-1)
	newest := []flowEvent{{ids[0], "WORKFLOW_UPDATED", last}, {ids[2], "WORKFLOW_UPDATED", last}, {ids[1], "WORKFLOW_DELETED", ""}}
	for name, c := range map[string]struct{ conflate, extensions string }{
		"shared": {"true", "{}"}, "alone": {"true", `{"trace": true}`}, "control": {"false", "{}"},
	} {
		t.Run(name, func(t *testing.T) {
			s := w.dial(nil)
			s.open(`{"authorization": "Bearer ` + key + `"}`)
			query := `subscription { workflowEvents(after: \"` + begin + `\", conflate: ` + c.conflate + `) { type workflowId workflow { name } } }`
			s.send(message{ID: "1", Type: "subscribe", Payload: json.RawMessage(`{"query": "` + query + `", "extensions": ` + c.extensions + `}`)})
			if c.conflate == "false" {
				for i := range workflows + workflows*changes + 1 {
					if got := s.flow(); i == 0 && got.Type != "WORKFLOW_CREATED" {
						t.Errorf("the first event is %+v", got)
					}
				}
				return
			}
			for _, want := range newest {
				if got := s.flow(); got != want {
					t.Errorf("%+v, want %+v", got, want)
				}
			}
			created := w.workflow(key, "live")
			if got := s.flow(); got != (flowEvent{created, "WORKFLOW_CREATED", "live"}) {
				t.Errorf("then comes %+v", got)
			}
			if r := w.query(key, `mutation($id: ID!) { deleteWorkflow(input: {id: $id}) { cursor } }`, map[string]any{"id": created}); r.code() != "" {
				t.Fatalf("%+v", r)
			}
			newest = append(newest, flowEvent{created, "WORKFLOW_DELETED", ""})
		})
	}
}

type flowEvent struct{ id, Type, name string }

// flow reads the next event of a subscription to `workflowEvents`.
func (s *socket) flow() flowEvent {
	s.t.Helper()
	m := s.next()
	var answer struct {
		Data struct {
			WorkflowEvents *struct {
				Type, WorkflowID string
				Workflow         *struct{ Name string }
			}
		}
	}
	if err := json.Unmarshal(m.Payload, &answer); err != nil || answer.Data.WorkflowEvents == nil {
		s.t.Fatalf("%s: %v", m.Payload, err)
	}
	e := flowEvent{id: answer.Data.WorkflowEvents.WorkflowID, Type: answer.Data.WorkflowEvents.Type}
	if answer.Data.WorkflowEvents.Workflow != nil {
		e.name = answer.Data.WorkflowEvents.Workflow.Name
	}
	return e
}

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"workflowfactory/agent"
)

// An agent built on the kit works through fifty tasks while the server is killed once and comes back. Every task is
// completed once, none is lost, and none is done by two at the same time.
func TestTheKitOutlivesTheServer(t *testing.T) {
	t.Parallel()
	s := serve(t)
	admin := s.admin()
	admin.createFifty()

	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	var mu sync.Mutex // protects done
	done := map[string]bool{}
	half := make(chan struct{})
	handle := func(_ context.Context, task *agent.Task) (any, error) {
		task.Log.Info("at work", "attempt", task.Attempt)
		mu.Lock()
		defer mu.Unlock()
		if done[task.Key] = true; len(done) == fifty/2 {
			select {
			case <-half:
			default:
				close(half)
			}
		}
		return vars{"key": task.Key, "after": task.Results}, nil
	}
	key, ended := s.newKey("kit", "AGENT").key, make(chan error, 1)
	go func() {
		ended <- agent.Run(ctx, agent.Options{
			URL: s.url, Key: key, Name: "kit", Concurrency: 4, Heartbeat: time.Second, Grace: 20 * time.Second,
		}, handle)
	}()
	select {
	case <-half:
	case err := <-ended:
		t.Fatal("the agent ended: ", err)
	case <-ctx.Done():
		t.Fatal("half of the work is not done within a minute")
	}
	s.kill()
	s.start()
	watching := admin.mustSubscribe(everything, vars{"after": admin.log()[0].Cursor})
	watching.until("the end of the workflow", func(e event) bool { return e.Type == "WORKFLOW_COMPLETED" })
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, fault := range faults(admin.log(), fifty) {
		t.Error(fault)
	}
	if len(done) != fifty {
		t.Errorf("the handler did %d tasks", len(done))
	}
}

const fifty = 50

// createFifty starts a workflow of fifty tasks in five layers.
func (c *client) createFifty() {
	c.s.t.Helper()
	inputs := []vars{}
	for i := range fifty {
		in := vars{"key": fmt.Sprint("t", i), "name": fmt.Sprint("Task ", i)}
		if i >= 10 {
			in["dependsOn"] = []string{fmt.Sprint("t", i-10)}
		}
		inputs = append(inputs, in)
	}
	c.must(nil, `mutation ($i: CreateWorkflowInput!) { createWorkflow(input: $i) { workflow { id } } }`,
		vars{"i": vars{"name": "fifty", "start": true, "tasks": inputs}})
}

// faults says where a log shows a task that two held at once, that was completed twice or never, or that was lost.
func faults(log []event, tasks int) (found []string) {
	completed, held := map[string]int{}, map[string]bool{}
	for _, e := range log {
		switch e.Type {
		case "TASK_CLAIMED":
			if held[e.Task.Key] {
				found = append(found, e.Task.Key+" was claimed while it was held")
			}
			held[e.Task.Key] = true
		case "TASK_RELEASED", "TASK_LEASE_EXPIRED":
			held[e.Task.Key] = false
		case "TASK_COMPLETED":
			if !held[e.Task.Key] {
				found = append(found, e.Task.Key+" was completed by nobody who held it")
			}
			held[e.Task.Key] = false
			if completed[e.Task.Key]++; completed[e.Task.Key] > 1 {
				found = append(found, e.Task.Key+" was completed twice")
			}
		case "TASK_FAILED", "TASK_RETRY_SCHEDULED":
			found = append(found, e.Task.Key+": "+e.Type)
		}
	}
	if len(completed) != tasks {
		found = append(found, fmt.Sprintf("%d tasks were completed, want %d", len(completed), tasks))
	}
	return found
}

func TestFaultsAreFound(t *testing.T) {
	t.Parallel()
	for history, want := range map[string]int{
		"CLAIMED COMPLETED":                       0,
		"CLAIMED RELEASED CLAIMED COMPLETED":      0,
		"CLAIMED LEASE_EXPIRED CLAIMED COMPLETED": 0,
		"CLAIMED":                         1,
		"CLAIMED CLAIMED COMPLETED":       1,
		"CLAIMED COMPLETED COMPLETED":     2,
		"CLAIMED LEASE_EXPIRED COMPLETED": 1,
		"CLAIMED RETRY_SCHEDULED":         2,
	} {
		var log []event
		for kind := range strings.FieldsSeq(history) {
			e := event{Type: "TASK_" + kind}
			if err := json.Unmarshal([]byte(`{"key": "t"}`), &e.Task); err != nil {
				t.Fatal(err)
			}
			log = append(log, e)
		}
		if found := faults(log, 1); len(found) != want {
			t.Errorf("%s: found %q", history, found)
		}
	}
}

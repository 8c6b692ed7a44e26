package e2e

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"workflowfactory/agent"
)

// An agent built on the kit works through fifty tasks while the server is killed once and comes back. Every task is
// completed once, none is lost, and none is done by two at the same time.
func TestTheKitOutlivesTheServer(t *testing.T) {
	t.Parallel()
	const tasks = 50
	s := serve(t)
	admin := s.admin()
	inputs := []vars{}
	for i := range tasks {
		in := vars{"key": fmt.Sprint("t", i), "name": fmt.Sprint("Task ", i)}
		if i >= 10 {
			in["dependsOn"] = []string{fmt.Sprint("t", i-10)}
		}
		inputs = append(inputs, in)
	}
	admin.must(nil, `mutation ($i: CreateWorkflowInput!) { createWorkflow(input: $i) { workflow { id } } }`,
		vars{"i": vars{"name": "fifty", "start": true, "tasks": inputs}})

	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	var mu sync.Mutex // protects done
	done := map[string]bool{}
	half := make(chan struct{})
	handle := func(_ context.Context, task *agent.Task) (any, error) {
		task.Log.Info("at work", "attempt", task.Attempt)
		mu.Lock()
		defer mu.Unlock()
		if done[task.Key] = true; len(done) == tasks/2 {
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
	completed, holder := map[string]int{}, map[string]bool{}
	for _, e := range admin.log() {
		switch e.Type {
		case "TASK_CLAIMED":
			if holder[e.Task.Key] {
				t.Errorf("%s was claimed while it was held", e.Task.Key)
			}
			holder[e.Task.Key] = true
		case "TASK_RELEASED", "TASK_LEASE_EXPIRED":
			holder[e.Task.Key] = false
		case "TASK_COMPLETED":
			completed[e.Task.Key]++
		case "TASK_FAILED", "TASK_RETRY_SCHEDULED":
			t.Errorf("%s: %s", e.Type, e.Task.Key)
		}
	}
	if len(completed) != tasks {
		t.Errorf("%d tasks were completed, want %d", len(completed), tasks)
	}
	for key, n := range completed {
		if n != 1 || !done[key] {
			t.Errorf("%s was completed %d times, done: %t", key, n, done[key])
		}
	}
}

package model_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"

	"workflowfactory/model"
)

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// An event carries its agent as JSON, from which the average is worked out again.
func TestAgentOfEventKeepsItsAverage(t *testing.T) {
	agent := model.Agent{Status: model.AgentStatusIdle, CompletedTasks: 4, BusyMs: 2000}
	b, err := json.Marshal(agent)
	if err != nil {
		t.Fatal(err)
	}
	var again model.Agent
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatal(err)
	}
	if avg := again.AvgDurationMs(); avg == nil || *avg != 500 {
		t.Errorf("average %v, want 500", avg)
	}
	before := agent
	agent.BusyMs = 3000
	if changes := model.Diff(&before, &agent); len(changes) != 0 {
		t.Errorf("changes %v name what the API does not have", changes)
	}
}

func TestDiff(t *testing.T) {
	before := model.Task{Noun: model.NewNoun(model.KindTask, now), Name: "A", Status: model.TaskStatusReady, RequiredCapabilities: []string{"x"}}
	after := before
	after.Version, after.Status, after.AgentID, after.LeaseToken = 2, model.TaskStatusInProgress, model.NewID(model.KindAgent), []byte("secret")
	text := func(changes []model.FieldChange) string {
		b, err := json.Marshal(changes)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	want := `[{"field":"status","before":"READY","after":"IN_PROGRESS"},{"field":"agent","after":"` + after.AgentID.String() + `"}]`
	if got := text(model.Diff(&before, &after)); got != want {
		t.Errorf("changed: %s\nwant %s", got, want)
	}
	if got := model.Diff(&before, &before); len(got) != 0 {
		t.Errorf("nothing changed: %v", got)
	}
	gone := map[string]string{}
	for _, c := range model.Diff(&before, nil) {
		gone[c.Field] = string(c.Before)
	}
	if gone["name"] != `"A"` || gone["status"] != `"READY"` {
		t.Errorf("deleted: %v", gone)
	}
}

// What an event says of a task's time does not depend on when it is read.
func TestAnEventsTaskIsOfItsTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)
	task := model.Task{
		Status: model.TaskStatusReady, Priority: model.PriorityHigh, RetryPolicy: model.RetryPolicy{Backoff: model.BackoffFixed}, DueAt: new(at.Add(time.Hour)),
		StartedAt: new(at.Add(-3 * time.Second)), ClaimedAt: new(at.Add(-3 * time.Second)), ReadyAt: new(at.Add(-2 * time.Second)),
	}
	snapshot, err := json.Marshal(&task)
	if err != nil {
		t.Fatal(err)
	}
	then := (&model.Entry{Kind: model.KindTask, At: at, Snapshot: snapshot}).Event().(*model.TaskEvent).Task
	if then.IsOverdue() || *then.QueueMs() != 2000 || *then.DurationMs() != 3000 {
		t.Errorf("overdue %t, queued for %d ms, worked on for %d ms", then.IsOverdue(), *then.QueueMs(), *then.DurationMs())
	}
	if !task.IsOverdue() || *task.QueueMs() <= 2000 || *task.DurationMs() <= 3000 {
		t.Errorf("now: overdue %t, queued for %d ms, worked on for %d ms", task.IsOverdue(), *task.QueueMs(), *task.DurationMs())
	}
}

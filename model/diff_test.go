package model_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"

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

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

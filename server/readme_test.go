package server_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"workflowfactory/model"
)

// What the first screen of the README shows is what happens.
func TestReadmeKeepsItsPromise(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```graphql\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d examples", len(blocks))
	}
	mutation, subscription := blocks[0][1], blocks[1][1]
	w := start(t, nil)
	_, manager := w.key(model.RoleManager)
	before := w.query(manager, `{ cursor }`, nil)
	if r := w.query(manager, mutation, nil); r.code() != "" || !strings.Contains(mustJSON(t, r.Data), `"status":"RUNNING"`) {
		t.Fatalf("%+v", r)
	}
	s := w.dial(nil)
	cursor, _ := before.Data["cursor"].(string)
	s.open(`{"authorization": "Bearer ` + manager + `", "resume": {"1": "` + cursor + `"}}`)
	s.subscribe("1", subscription)
	var seen strings.Builder
	for range 5 { // created and started, two tasks, and the first of them ready
		event := s.next()
		if event.Type != "next" || strings.Contains(string(event.Payload), `"errors"`) {
			t.Fatalf("%s %s", event.Type, event.Payload)
		}
		seen.Write(event.Payload)
	}
	for _, want := range []string{"WORKFLOW_CREATED", "WORKFLOW_STARTED", "TASK_CREATED", "TASK_READY", `"name":"Analyze Support Ticket","status":"READY"`, `"actor":{"name":"MANAGER"}`} {
		if !strings.Contains(seen.String(), want) {
			t.Errorf("nobody sees %s in %s", want, seen.String())
		}
	}
}

package model_test

import (
	"errors"
	"strings"
	"testing"

	"workflowfactory/model"
)

func TestPlan(t *testing.T) {
	task := func(key string, waits ...string) *model.NewTaskInput {
		return &model.NewTaskInput{Key: key, Name: "Task " + key, DependsOn: waits}
	}
	for _, c := range []struct {
		name  string
		in    []*model.NewTaskInput
		code  model.Code
		field string
	}{
		{"none", nil, "", ""},
		{"a diamond", []*model.NewTaskInput{task("a"), task("b", "a"), task("c", "a"), task("d", "b", "c")}, "", ""},
		{"defined later", []*model.NewTaskInput{task("b", "a"), task("a")}, "", ""},
		{"the same key twice", []*model.NewTaskInput{task("a"), task("a")}, model.BadUserInput, "tasks.1.key"},
		{"an unknown key", []*model.NewTaskInput{task("a", "z")}, model.BadUserInput, "tasks.0.dependsOn"},
		{"itself", []*model.NewTaskInput{task("a", "a")}, model.CycleDetected, "tasks.0.dependsOn"},
		{"a circle of three", []*model.NewTaskInput{task("x"), task("a", "c", "x"), task("b", "a"), task("c", "b")}, model.CycleDetected, "tasks.1.dependsOn"},
		{"no name", []*model.NewTaskInput{{Key: "a", Name: " "}}, model.BadUserInput, "tasks.0.name"},
		{"too many attempts", []*model.NewTaskInput{{Key: "a", Name: "A", MaxAttempts: new(101)}}, model.BadUserInput, "tasks.0.maxAttempts"},
	} {
		w, err := model.NewWorkflow(model.CreateWorkflowInput{Name: "w"}, model.SystemID, now)
		if err != nil {
			t.Fatal(err)
		}
		tasks, waits, err := model.Plan(w, c.in, now)
		var e *model.Error
		if errors.As(err, &e); c.code == "" && err != nil || c.code != "" && (e == nil || e.Code != c.code || e.Field != c.field) {
			t.Errorf("%s: error %v, want %s at %q", c.name, err, c.code, c.field)
		}
		if err != nil {
			continue
		}
		total := 0
		for i, task := range tasks {
			total += task.WaitsFor
			if task.WaitsFor != len(c.in[i].DependsOn) || task.WorkflowID != w.ID || task.MaxAttempts != 3 {
				t.Errorf("%s: task %d is %+v", c.name, i, task)
			}
		}
		if total != len(waits) {
			t.Errorf("%s: %d dependencies, but tasks wait for %d", c.name, len(waits), total)
		}
	}
}

func TestACircleIsNamed(t *testing.T) {
	in := []*model.NewTaskInput{{Key: "a", Name: "A", DependsOn: []string{"b"}}, {Key: "b", Name: "B", DependsOn: []string{"a"}}}
	_, _, err := model.Plan(&model.Workflow{}, in, now)
	if err == nil || !strings.Contains(err.Error(), "a → b → a") {
		t.Errorf("error %v does not show the circle", err)
	}
}

func TestWordsKeepTheirOrderOnce(t *testing.T) {
	w, err := model.NewWorkflow(model.CreateWorkflowInput{Name: "w", Labels: []string{"b", "a", "b"}}, model.SystemID, now)
	if err != nil || strings.Join(w.Labels, " ") != "b a" {
		t.Errorf("labels %v, %v", w.Labels, err)
	}
}

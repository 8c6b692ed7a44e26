package demo

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// role is what one kind of agent can do.
type role struct {
	name, description string
	capabilities      []string
	concurrency       int
}

// roles are who works, the first of each before the second of any.
var roles = []role{
	{"Reader", "Reads what comes in and says what it is about.", []string{"read", "classify"}, 2},
	{"Researcher", "Looks things up.", []string{"research", "extract"}, 3},
	{"Writer", "Drafts texts and brings them into other languages.", []string{"draft", "translate"}, 2},
	{"Reviewer", "Reads once more what others wrote.", []string{"review"}, 1},
	{"Publisher", "Sends things out.", []string{"publish", "notify"}, 2},
	{"Generalist", "Helps out everywhere.", []string{"read", "classify", "research", "extract", "draft", "translate", "review", "publish", "notify"}, 1},
}

// task is a task of a story.
type task struct {
	key, name, capability string
	after                 []string
}

// story is a kind of workflow.
type story struct {
	name, description string // the name has one %d
	label             string
	tasks             []task
}

var stories = []story{
	{"Answer ticket T-%d", "Reads a ticket, finds out what is behind it and answers.", "support", []task{
		{"read", "Read the ticket", "read", nil},
		{"classify", "Say what it is about", "classify", []string{"read"}},
		{"history", "Find earlier tickets", "research", []string{"read"}},
		{"draft", "Draft an answer", "draft", []string{"classify", "history"}},
		{"review", "Review the answer", "review", []string{"draft"}},
		{"send", "Send the answer", "publish", []string{"review"}},
	}},
	{"Weekly report %d", "Collects figures from four places and writes about them.", "report", []task{
		{"sales", "Collect sales", "extract", nil},
		{"support", "Collect support figures", "extract", nil},
		{"web", "Collect visits", "extract", nil},
		{"market", "Look at the market", "research", nil},
		{"write", "Write the report", "draft", []string{"sales", "support", "web", "market"}},
		{"review", "Review the report", "review", []string{"write"}},
		{"notify", "Tell everybody", "notify", []string{"review"}},
	}},
	{"Translate article A-%d", "Brings a help article into other languages.", "content", []task{
		{"read", "Read the article", "read", nil},
		{"german", "Translate into German", "translate", []string{"read"}},
		{"spanish", "Translate into Spanish", "translate", []string{"read"}},
		{"japanese", "Translate into Japanese", "translate", []string{"read"}},
		{"review", "Review the translations", "review", []string{"german", "spanish", "japanese"}},
		{"publish", "Publish the article", "publish", []string{"review"}},
	}},
}

// urgencies are mostly MEDIUM, as they are elsewhere.
var urgencies = []string{"LOW", "MEDIUM", "MEDIUM", "MEDIUM", "HIGH", "URGENT"}

// input makes a workflow of the story, for createWorkflow.
func (s story) input(draw *rand.Rand, now time.Time) map[string]any {
	number := 1000 + draw.IntN(9000)
	tasks := make([]map[string]any, len(s.tasks))
	for i, t := range s.tasks {
		tasks[i] = map[string]any{
			"key": t.key, "name": t.name, "dependsOn": append([]string{}, t.after...), "requiredCapabilities": []string{t.capability},
			"retryPolicy": map[string]any{"backoff": "EXPONENTIAL", "delaySeconds": 1, "maxDelaySeconds": 30},
			"dueAt":       now.Add(time.Duration(1+i) * time.Minute).UTC().Format(time.RFC3339),
			"input":       map[string]any{"number": number, "step": i + 1},
		}
	}
	policy := "FAIL_FAST"
	if draw.IntN(2) == 0 {
		policy = "CONTINUE"
	}
	return map[string]any{
		"name": fmt.Sprintf(s.name, number), "description": s.description, "labels": []string{"demo", s.label}, "priority": pick(draw, urgencies),
		"failurePolicy": policy, "start": true, "tasks": tasks, "input": map[string]any{"number": number},
	}
}

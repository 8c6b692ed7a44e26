package demo

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"workflowfactory/agent"
)

// colleague is somebody who starts workflows, and decides what the agents of the demonstration suggest when nobody else
// does.
type colleague struct {
	*agent.Client
	agents []string // ids: what others suggest is not the colleague's to decide
	log    *slog.Logger
}

var draw = rand.New(lockedSource{})

// lockedSource draws from the generator of the process, which all may use at once.
type lockedSource struct{}

// Uint64 gives the next number.
func (lockedSource) Uint64() uint64 { return rand.Uint64() }

const createWorkflow = `mutation ($input: CreateWorkflowInput!) { createWorkflow(input: $input) { workflow { id name } } }`

// start starts a workflow.
func (c *colleague) start(ctx context.Context, s story) error {
	input := s.input(draw, time.Now())
	input["idempotencyKey"] = newIdempotencyKey()
	if err := c.Call(ctx, createWorkflow, map[string]any{"input": input}, &struct{}{}); err != nil {
		return err
	}
	c.log.Info("started", "workflow", input["name"], "priority", input["priority"])
	return nil
}

// suggestion is what the colleague reads of one.
type suggestion struct {
	ID, Kind, Action, ActionHash string
	Data                         json.RawMessage
	Task                         struct{ ID string }
}

const pending = `query ($agents: [ID!]!, $before: DateTime!) {
	suggestions(first: 20, filter: {status: {eq: PENDING}, agentId: {in: $agents}, createdAt: {lt: $before}}) {
		edges { node { id kind action actionHash data task { id } } }
	}
}`

// decide decides what was left so long, until ctx ends.
func (c *colleague) decide(ctx context.Context, left time.Duration) error {
	if left <= 0 {
		return nil
	}
	for {
		var found struct {
			Suggestions struct {
				Edges []struct{ Node suggestion }
			}
		}
		before := time.Now().Add(-left).UTC().Format(time.RFC3339Nano)
		if err := c.Call(ctx, pending, map[string]any{"agents": c.agents, "before": before}, &found); err != nil {
			return err
		}
		for _, e := range found.Suggestions.Edges {
			if err := c.settle(ctx, e.Node); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(min(left, 2*time.Second)):
		}
	}
}

const (
	approve       = `mutation ($input: ApproveSuggestionInput!) { approveSuggestion(input: $input) { suggestion { status } } }`
	reject        = `mutation ($input: RejectSuggestionInput!) { rejectSuggestion(input: $input) { suggestion { status } } }`
	answerWith    = `mutation ($input: AnswerSuggestionInput!) { answerSuggestion(input: $input) { suggestion { status } } }`
	ofTen         = 10
	approvesOfTen = 8
	commentsOfTen = 3
)

// settle decides on one. Somebody else may have been faster, or its task is gone.
func (c *colleague) settle(ctx context.Context, s suggestion) error {
	document, input := c.verdict(s)
	input["id"], input["idempotencyKey"] = s.ID, newIdempotencyKey()
	err := c.Call(ctx, document, map[string]any{"input": input}, &struct{}{})
	if refused, ok := errors.AsType[*agent.Refused](err); ok && (refused.Code == "ALREADY_DECIDED" || refused.Code == "EXPIRED") {
		return nil
	}
	if err != nil || draw.IntN(ofTen) >= commentsOfTen {
		return err
	}
	return c.Call(ctx, addComment, map[string]any{"input": map[string]any{
		"taskId": s.Task.ID, "suggestionId": s.ID, "body": pick(draw, verdicts), "idempotencyKey": newIdempotencyKey(),
	}}, &struct{}{})
}

func (c *colleague) verdict(s suggestion) (document string, input map[string]any) {
	switch {
	case s.Kind == "QUESTION":
		return answerWith, map[string]any{"answer": pick(draw, answers)}
	case draw.IntN(ofTen) < approvesOfTen:
		return approve, map[string]any{"actionHash": s.ActionHash, "note": pick(draw, verdicts)}
	}
	return reject, map[string]any{"reason": pick(draw, reasons)}
}

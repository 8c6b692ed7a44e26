// Package demo is work that nobody needs: agents that pretend to do tasks, workflows that keep arriving, and a colleague
// who decides what nobody else does. With it every screen of a dashboard moves.
package demo

import (
	"context"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"workflowfactory/agent"
)

// Work says how an agent pretends to do tasks.
type Work struct {
	Duration    time.Duration // of a task, half to one and a half of it; none when zero
	Failures    float64       // the share of the tasks that fail once or for good, 0 to 1
	Suggestions float64       // the share of the tasks about which people are asked something, 0 to 1
}

// plan is how one task goes. It is the same in each attempt, since the task alone decides it.
type plan struct {
	steps    int
	step     time.Duration
	failsAt  int // the step; never when negative
	forGood  bool
	ask      asking
	comments bool
	draw     *rand.Rand
}

// asking is what an agent wants of people.
type asking int

const (
	nothing  asking = iota
	approval        // before it goes on
	opinion         // while it goes on
	answer          // to a question
	kindsOfAsking
)

func (w Work) plan(id string) plan {
	sum := fnv.New64a()
	sum.Write([]byte(id))
	draw := rand.New(rand.NewPCG(sum.Sum64(), 0))
	p := plan{steps: 3 + draw.IntN(6), failsAt: -1, draw: draw}
	p.step = time.Duration(float64(w.Duration) * (0.5 + draw.Float64()) / float64(p.steps))
	if draw.Float64() < w.Failures {
		p.failsAt, p.forGood = draw.IntN(p.steps), draw.IntN(8) == 0
	}
	if draw.Float64() < w.Suggestions {
		p.ask = 1 + asking(draw.IntN(int(kindsOfAsking)-1))
	}
	p.comments = draw.IntN(6) == 0
	return p
}

// Do is the handler of an agent.
func (w Work) Do(ctx context.Context, t *agent.Task) (any, error) {
	p := w.plan(t.ID)
	t.Log.Info("begin", "attempt", t.Attempt, "steps", p.steps, "before", len(t.Results))
	decided, err := p.consult(ctx, t)
	if err != nil {
		return nil, err
	}
	for i := range p.steps {
		if i == p.failsAt && (p.forGood || t.Attempt == 1) {
			return nil, p.failure(t)
		}
		if err := p.take(ctx, t, i); err != nil {
			return nil, err
		}
	}
	result := map[string]any{"steps": p.steps, "found": p.draw.IntN(500)}
	if decided != "" {
		result["decided"] = decided
	}
	if p.comments {
		err = p.comment(ctx, t)
	}
	return result, err
}

// take does one step, and says so.
func (p plan) take(ctx context.Context, t *agent.Task, i int) error {
	doing := pick(p.draw, steps)
	t.Log.Debug("step", "number", i+1, "of", p.steps, "doing", doing)
	t.Progress(100*i/p.steps, doing)
	if p.draw.IntN(8) == 0 {
		t.Log.Warn(pick(p.draw, troubles), "step", i+1, "waited", p.step/2)
	}
	select {
	case <-time.After(p.step):
		t.Log.Info("done "+doing, "records", p.draw.IntN(200), "took", p.step)
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (p plan) failure(t *agent.Task) error {
	f := pick(p.draw, failures)
	f.Permanent = p.forGood
	t.Log.Error(f.Message, "code", f.Code, "final", p.forGood)
	return &f
}

// consult asks people what the plan says, and gives what they decided as far as it matters.
func (p plan) consult(ctx context.Context, t *agent.Task) (decided string, err error) {
	s := pick(p.draw, suggestions)
	if p.ask == answer {
		s = pick(p.draw, questions)
	}
	s.Confidence = 0.4 + 0.6*p.draw.Float64()
	switch p.ask {
	case approval, answer:
		d, err := t.Ask(ctx, s)
		if errors.Is(err, agent.ErrSuspended) {
			t.Log.Info("waits for people", "about", s.Action)
		} else if err == nil {
			t.Log.Info("goes on", "about", s.Action, "decided", d.Status, "answer", string(d.Answer))
		}
		return d.Status, err
	case opinion:
		_, err = t.Suggest(ctx, s)
	}
	return "", err
}

const addComment = `mutation ($input: AddCommentInput!) { addComment(input: $input) { comment { id } } }`

func (p plan) comment(ctx context.Context, t *agent.Task) error {
	return t.Call(ctx, addComment, map[string]any{"input": map[string]any{
		"taskId": t.ID, "body": pick(p.draw, remarks), "idempotencyKey": "remark on " + t.ID,
	}}, &struct{}{})
}

func pick[T any](draw *rand.Rand, from []T) T { return from[draw.IntN(len(from))] }

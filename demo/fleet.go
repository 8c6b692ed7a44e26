package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	random "math/rand/v2"
	"net/http"
	"sync"
	"time"

	"workflowfactory/agent"
)

// Fleet is a demonstration against a running server.
type Fleet struct {
	URL         string // of the server
	Key         string // of role ADMIN: it makes keys for those who take part, and revokes them at the end
	Agents      int
	PerMinute   float64       // how many workflows arrive
	DecideAfter time.Duration // how long people may leave a suggestion before the colleague decides; for ever when zero
	Work        Work
	Grace       time.Duration // how long tasks may take to finish at the end
	Log         *slog.Logger

	admin *agent.Client
}

// Run plays until ctx ends, then lets the agents finish what they hold. It blocks until they have, and gives nil, or why
// it cannot play.
func (f Fleet) Run(ctx context.Context) (err error) {
	if err := f.reach(ctx); err != nil {
		return err
	}
	f.admin = f.client(f.Key)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	troupe := &troupe{Fleet: f}
	defer func() { err = errors.Join(err, troupe.revoke(ctx)) }()
	if err := troupe.hire(ctx); err != nil {
		return ended(ctx, err)
	}
	var all sync.WaitGroup
	play := func(who string, part func() error) {
		all.Go(func() {
			if err := part(); err != nil {
				stop(fmt.Errorf("%s: %w", who, err)) // the others with it
			}
		})
	}
	for _, member := range troupe.agents {
		play(member.Name, func() error { return agent.Run(ctx, member, f.Work.Do) })
	}
	play("decide", func() error { return troupe.colleague.decide(ctx, f.DecideAfter) })
	play("start workflows", func() error { return f.arrive(ctx, troupe.colleague) })
	all.Wait()
	return ended(ctx, context.Cause(ctx))
}

// ended gives nil instead of an error when the demonstration was told to end.
func ended(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, context.Canceled) || errors.Is(cause, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// reach asks once whether there is a server, since requests would wait for one for ever.
func (f Fleet) reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL+"/healthz", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("no server answers at %s (start one with: wfd serve): %w", f.URL, err)
	}
	return response.Body.Close()
}

func (f Fleet) client(key string) *agent.Client {
	return agent.NewClient(agent.Options{URL: f.URL, Key: key, Log: f.Log})
}

// arrive starts workflows at the pace that was asked for.
func (f Fleet) arrive(ctx context.Context, c *colleague) error {
	pause := time.Duration(float64(time.Minute) / f.PerMinute)
	for n := 0; ; n++ {
		if err := c.start(ctx, stories[n%len(stories)]); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause/2 + random.N(pause)):
		}
	}
}

// troupe is who takes part.
type troupe struct {
	Fleet
	agents    []agent.Options
	colleague *colleague
	keys      []string // ids, to be revoked
}

const registerAgent = `mutation ($input: RegisterAgentInput!) { registerAgent(input: $input) { agent { id } } }`

// hire makes the agents known, and a key for each and for the colleague.
func (t *troupe) hire(ctx context.Context) error {
	var ids []string
	for i := range t.Agents {
		r := roles[i%len(roles)]
		if i >= len(roles) {
			r.name += fmt.Sprint(" ", 1+i/len(roles))
		}
		member := agent.Options{
			URL: t.URL, Name: "Demo " + r.name, Description: r.description, Capabilities: r.capabilities, Labels: []string{"demo"},
			Concurrency: r.concurrency, Heartbeat: 3 * time.Second, Grace: t.Grace, Log: t.Log.With("agent", r.name),
		}
		var made struct {
			RegisterAgent struct{ Agent struct{ ID string } }
		}
		err := t.admin.Call(ctx, registerAgent, map[string]any{"input": map[string]any{"name": member.Name, "capabilities": r.capabilities}}, &made)
		if err != nil {
			return fmt.Errorf("register %s: %w", member.Name, err)
		}
		id := made.RegisterAgent.Agent.ID
		if member.Key, err = t.newKey(ctx, map[string]any{"name": member.Name, "role": "AGENT", "agentId": id}); err != nil {
			return err
		}
		ids, t.agents = append(ids, id), append(t.agents, member)
	}
	key, err := t.newKey(ctx, map[string]any{"name": "Demo Colleague", "role": "MANAGER"})
	t.colleague = &colleague{Client: t.client(key), agents: ids, log: t.Log}
	return err
}

const createKey = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } } }`

// newKey gives a secret. Should the demonstration not get to revoke the key, it ends by itself.
func (t *troupe) newKey(ctx context.Context, input map[string]any) (secret string, err error) {
	input["expiresAt"] = time.Now().AddDate(0, 0, 7).UTC().Format(time.RFC3339)
	var made struct {
		CreateAPIKey struct {
			Secret string
			APIKey struct{ ID string }
		}
	}
	if err := t.admin.Call(ctx, createKey, map[string]any{"input": input}, &made); err != nil {
		return "", fmt.Errorf("create a key, which needs one of role ADMIN: %w", err)
	}
	t.keys = append(t.keys, made.CreateAPIKey.APIKey.ID)
	return made.CreateAPIKey.Secret, nil
}

const revokeKey = `mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) { apiKey { id } } }`

// revoke ends the keys, also when ctx has ended.
func (t *troupe) revoke(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	var failed []error
	for _, id := range t.keys {
		if err := t.admin.Call(ctx, revokeKey, map[string]any{"input": map[string]any{"id": id}}, &struct{}{}); err != nil {
			failed = append(failed, fmt.Errorf("revoke %s: %w", id, err))
		}
	}
	return errors.Join(failed...)
}

// newIdempotencyKey makes a request safe to repeat.
func newIdempotencyKey() string { return "demo " + rand.Text() }

package graph

import (
	"context"
	"slices"
	"sync"

	"workflowfactory/event"
	"workflowfactory/model"
)

// AgentCommands tells an agent what to do: what follows from the stream for it, and of work as the dispatcher hears of
// it. What happened before it subscribed its heartbeats tell; of those only what still holds is told at the beginning.
func (r subscriptionResolver) AgentCommands(ctx context.Context, agentID model.ID) (<-chan *model.AgentCommand, error) {
	f := model.EntryFilter{AgentID: model.Among[model.ID]{}.And(agentID)}
	ctx, end := context.WithCancelCause(ctx)
	entries := r.Feed.Subscribe(ctx, event.Subscription{Filter: f}) // from here on, so that nothing is missed that Worker does not see
	agent, err := r.Tasks.Worker(ctx, agentID)
	if err != nil {
		end(nil)
		return nil, err
	}
	c := &commander{subscriptionResolver: r, commands: make(chan *model.AgentCommand), agent: agent, end: end, stop: func() {}}
	feed(ctx, r.Resolver, c.commands, func() {
		defer end(nil)
		defer c.unwatch()
		if agent.Draining {
			c.send(ctx, model.AgentCommandTypeDrain)
		}
		c.watch(ctx)
		for entry, err := range entries {
			if err != nil {
				r.Fail(ctx, err)
				return
			}
			if !c.follow(ctx, entry.Event()) {
				return
			}
		}
	})
	return c.commands, nil
}

// commander sends an agent its commands.
type commander struct {
	subscriptionResolver
	commands chan *model.AgentCommand
	agent    *model.Agent // as it is known so far
	end      context.CancelCauseFunc
	watching sync.WaitGroup
	stop     context.CancelFunc // of the watching
}

// follow sends what an event asks of the agent, and is false once there is no such agent any more.
func (c *commander) follow(ctx context.Context, e model.Event) (more bool) {
	changed, ok := e.(*model.AgentEvent)
	switch {
	case ok && changed.Agent == nil:
		return false
	case ok && changed.Agent.Version <= c.agent.Version:
		return true // known since the beginning
	}
	if command := model.CommandFor(c.agent.ID, e); command != nil {
		c.deliver(ctx, command)
	}
	if ok {
		c.become(ctx, changed.Agent)
	}
	return true
}

// become has work watched for as what the agent is now.
func (c *commander) become(ctx context.Context, agent *model.Agent) {
	was := c.agent
	c.agent = agent
	if was.Draining != agent.Draining || was.MaxConcurrency != agent.MaxConcurrency || !slices.Equal(was.Capabilities, agent.Capabilities) {
		c.unwatch()
		c.watch(ctx)
	}
}

// watch has the agent told of work, unless it takes none.
func (c *commander) watch(ctx context.Context) {
	if c.agent.Draining {
		return
	}
	ctx, c.stop = context.WithCancel(ctx)
	agent := c.agent
	c.watching.Go(func() {
		defer func() {
			if thrown := recover(); thrown != nil {
				c.end(panicked(thrown)) // with the events, which would come without the work
			}
		}()
		c.Dispatcher.Watch(ctx, agent, func() { c.send(ctx, model.AgentCommandTypeTaskAvailable) })
	})
}

func (c *commander) unwatch() {
	c.stop()
	c.watching.Wait()
}

func (c *commander) send(ctx context.Context, t model.AgentCommandType) {
	c.deliver(ctx, &model.AgentCommand{Type: t})
}

func (c *commander) deliver(ctx context.Context, command *model.AgentCommand) {
	select {
	case c.commands <- command:
	case <-ctx.Done():
	}
}

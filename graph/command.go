package graph

import (
	"context"

	"workflowfactory/event"
	"workflowfactory/model"
)

// AgentCommands tells an agent what to do: what follows from the stream for it, and of work as the dispatcher hears of
// it. What happened before it subscribed its heartbeats tell; of those only what still holds is told at the beginning.
func (r subscriptionResolver) AgentCommands(ctx context.Context, agentID model.ID) (<-chan *model.AgentCommand, error) {
	agent, err := r.Tasks.Worker(ctx, agentID)
	if err != nil {
		return nil, err
	}
	f := model.EntryFilter{AgentID: model.Among[model.ID]{}.And(agentID)}
	entries := r.Feed.Subscribe(ctx, event.Subscription{Filter: f})
	idle, err := r.Tasks.Idle(ctx, agentID)
	if err != nil {
		return nil, err
	}
	commands := make(chan *model.AgentCommand)
	send := func(c *model.AgentCommand) {
		select {
		case commands <- c:
		case <-ctx.Done():
		}
	}
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		if agent.Draining {
			send(&model.AgentCommand{Type: model.AgentCommandTypeDrain})
		} else if !idle {
			send(&model.AgentCommand{Type: model.AgentCommandTypeTaskAvailable})
		}
		r.Dispatcher.Watch(ctx, agent, func() { send(&model.AgentCommand{Type: model.AgentCommandTypeTaskAvailable}) })
	}()
	go func() {
		defer close(commands)
		for entry, err := range entries {
			if err != nil {
				r.Fail(ctx, err)
				break
			}
			if c := model.CommandFor(agentID, entry.Event()); c != nil {
				send(c)
			}
		}
		<-watching // which may be sending until ctx ends, as the entries do
	}()
	return commands, nil
}

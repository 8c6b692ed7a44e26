package graph

import (
	"context"
	"time"

	"workflowfactory/model"
)

func (r queryResolver) Stats(ctx context.Context, timeRange *model.TimeRange, bucketSeconds *int) (*model.Stats, error) {
	span, err := model.NewStatsSpan(timeRange, bucketSeconds, time.Now())
	if err != nil {
		return nil, err
	}
	return r.Resolver.Stats.Get(ctx, span)
}

func (r agentResolver) Oversight(ctx context.Context, objs []*model.Agent) ([]*model.AgentOversight, error) {
	return r.Stats.OfAgents(ctx, idsOf(objs, (*model.Agent).GetID))
}

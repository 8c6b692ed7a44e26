package graph

import (
	"context"
	"runtime/debug"
	"time"

	"workflowfactory/auth"
	"workflowfactory/graph/gen"
	"workflowfactory/model"
)

// version is set by release builds; others know the state of the source that they were built from.
var version string

// Version is the release that this program is of.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func (r queryResolver) Health(ctx context.Context) (*model.Health, error) {
	h := &model.Health{Status: model.HealthStatusOk, Version: Version(), ServerTime: time.Now(), Database: true}
	if err := r.Access.Ping(ctx); err != nil {
		h.Status, h.Database = model.HealthStatusDegraded, false
	}
	return h, nil
}

func (r queryResolver) Viewer(ctx context.Context) (model.Actor, error) {
	caller := model.CallerFrom(ctx)
	if caller.ID.IsZero() {
		return nil, nil
	}
	actors, err := r.Access.Actors(ctx, []model.ID{caller.ActorID()})
	if err != nil {
		return nil, err
	}
	return actors[0], nil
}

func (r queryResolver) APIKeys(ctx context.Context, first *int, after *string, last *int, before *string) (*model.APIKeyConnection, error) {
	return r.Access.KeyPage(ctx, page(first, after, last, before))
}

func (r mutationResolver) CreateAPIKey(ctx context.Context, input model.CreateAPIKeyInput) (*model.CreateAPIKeyPayload, error) {
	key, secret, err := auth.Mint(input, time.Now())
	if err != nil {
		return nil, err
	}
	change, err := r.Access.CreateKey(ctx, key)
	return &model.CreateAPIKeyPayload{Change: change, APIKey: key, Secret: secret}, err
}

func (r mutationResolver) RevokeAPIKey(ctx context.Context, input model.RevokeAPIKeyInput) (*model.APIKeyPayload, error) {
	return r.Access.RevokeKey(ctx, input.ID)
}

// ApiKey answers the relations of an API key.
func (r *Resolver) ApiKey() gen.ApiKeyResolver { return apiKeyResolver{r} }

type apiKeyResolver struct{ *Resolver }

func (r apiKeyResolver) Agent(ctx context.Context, keys []*model.APIKey) ([]*model.Agent, error) {
	return r.Agents.Referenced(ctx, idsOf(keys, func(k *model.APIKey) model.ID { return k.AgentID }))
}

func (r queryResolver) RateLimit(ctx context.Context) (*model.RateLimit, error) {
	return r.Resolver.RateLimit(ctx), nil
}

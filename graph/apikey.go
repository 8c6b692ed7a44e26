package graph

import (
	"context"
	"time"

	"workflowfactory/auth"
	"workflowfactory/graph/gen"
	"workflowfactory/model"
)

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

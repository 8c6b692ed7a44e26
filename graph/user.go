package graph

import (
	"context"

	"workflowfactory/graph/gen"
	"workflowfactory/model"
)

func (r queryResolver) Users(ctx context.Context, first *int, after *string, last *int, before *string) (*model.UserConnection, error) {
	return r.Access.UserPage(ctx, page(first, after, last, before))
}

func (r mutationResolver) CreateUser(ctx context.Context, input model.CreateUserInput) (*model.CreateUserPayload, error) {
	return r.People.Create(ctx, input)
}

func (r mutationResolver) UpdateUser(ctx context.Context, input model.UpdateUserInput) (*model.UserPayload, error) {
	return r.Access.UpdateUser(ctx, input)
}

func (r mutationResolver) DeactivateUser(ctx context.Context, input model.DeactivateUserInput) (*model.UserPayload, error) {
	return r.Access.DeactivateUser(ctx, input)
}

func (r mutationResolver) ChangePassword(ctx context.Context, input model.ChangePasswordInput) (*model.ChangePasswordPayload, error) {
	return r.People.ChangePassword(ctx, input)
}

// User answers what concerns a person alone: null for callers who may not see it.
func (r *Resolver) User() gen.UserResolver { return userResolver{r} }

type userResolver struct{ *Resolver }

func (r userResolver) Email(ctx context.Context, users []*model.User) ([]*string, error) {
	caller := model.CallerFrom(ctx)
	emails := make([]*string, len(users))
	for i, u := range users {
		if u != nil && caller.MaySeeAll(u) {
			emails[i] = &u.Email
		}
	}
	return emails, nil
}

func (r userResolver) Sessions(ctx context.Context, users []*model.User, first *int, after *string, last *int, before *string) ([]*model.SessionConnection, error) {
	caller := model.CallerFrom(ctx)
	var (
		ids []model.ID
		at  []int
	)
	for i, u := range users {
		if u != nil && caller.MaySeeAll(u) {
			ids, at = append(ids, u.ID), append(at, i)
		}
	}
	connections := make([]*model.SessionConnection, len(users))
	if len(ids) == 0 {
		return connections, nil
	}
	visible, err := r.Access.SessionsOf(ctx, ids, page(first, after, last, before))
	for i, c := range visible {
		connections[at[i]] = c
	}
	return connections, err
}

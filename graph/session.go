package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"workflowfactory/graph/gen"
	"workflowfactory/model"
)

func (r queryResolver) SignInOptions(context.Context) (*model.SignInOptions, error) {
	return &r.SignIn, nil
}

func (r queryResolver) Sessions(ctx context.Context, first *int, after *string, last *int, before *string) (*model.SessionConnection, error) {
	return r.Access.SessionPage(ctx, page(first, after, last, before))
}

func (r mutationResolver) Login(ctx context.Context, input model.LoginInput) (*model.LoginPayload, error) {
	return r.People.Login(ctx, input, graphql.GetOperationContext(ctx).Headers.Get("User-Agent"))
}

func (r mutationResolver) Logout(ctx context.Context) (*model.SessionPayload, error) {
	caller := model.CallerFrom(ctx)
	if caller.ID.Kind() != model.KindSession {
		return nil, model.Errorf(model.InvalidTransition, "you use no session of ours: throw the credential away to sign out")
	}
	return r.Access.RevokeSession(ctx, caller.ID)
}

func (r mutationResolver) RevokeSession(ctx context.Context, input model.RevokeSessionInput) (*model.SessionPayload, error) {
	return r.Access.RevokeSession(ctx, input.ID)
}

// Session answers the relations of a session.
func (r *Resolver) Session() gen.SessionResolver { return sessionResolver{r} }

type sessionResolver struct{ *Resolver }

func (r sessionResolver) User(ctx context.Context, sessions []*model.Session) ([]*model.User, error) {
	return r.Access.Users(ctx, idsOf(sessions, func(s *model.Session) model.ID { return s.UserID }))
}

func (r sessionResolver) Current(ctx context.Context, sessions []*model.Session) ([]bool, error) {
	caller := model.CallerFrom(ctx)
	current := make([]bool, len(sessions))
	for i, s := range sessions {
		current[i] = s != nil && (s.Begins || s.ID == caller.ID)
	}
	return current, nil
}

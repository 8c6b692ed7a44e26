// Package graph answers GraphQL: thin batch resolvers, one file per noun, that say who asks, ask a repository and
// return. Rules are in model, SQL is in db.
package graph

import (
	"context"

	"workflowfactory/auth"
	"workflowfactory/db"
	"workflowfactory/dispatch"
	"workflowfactory/event"
	"workflowfactory/model"
)

// Resolver is the root of all resolvers, with what they ask.
type Resolver struct {
	Workflows   db.Workflows
	Tasks       db.Tasks
	Agents      db.Agents
	Suggestions db.Suggestions
	Policies    db.ApprovalPolicies
	Comments    db.Comments
	Access      db.Access
	People      *auth.People
	SignIn      model.SignInOptions
	History     db.History
	Stats       db.Stats
	Events      *db.Events
	Feed        *event.Feed
	Dispatcher  *dispatch.Dispatcher

	// RateLimit tells what the context's caller may still ask for; nil when nothing bounds it.
	RateLimit func(ctx context.Context) *model.RateLimit

	// Fail tells the transport why a stream that a subscription resolver returned ends, before its channel is closed.
	Fail func(ctx context.Context, why error)
}

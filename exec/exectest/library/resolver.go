package library

import (
	"context"
	"sync/atomic"

	"workflowfactory/exec/exectest/library/gen"
	"workflowfactory/exec/exectest/library/model"
)

// Library resolves the schema. The zero value is not usable; make it with New.
type Library struct {
	*world
	counter atomic.Int64

	// Event, if set, is what subscriptions stream instead of a few things of their own.
	Event chan *model.Book
	// Visit, if set, is told of each batch, before it is resolved.
	Visit func(ctx context.Context, field string, objs int)
}

// New makes a library. All libraries hold the same things.
func New() *Library { return &Library{world: newWorld()} }

// Reset undoes what mutations have done.
func (l *Library) Reset() { l.counter.Store(0) }

// Config is the library as the generated schema wants it.
func (l *Library) Config() gen.Config {
	return gen.Config{Resolvers: l, Directives: directives()}
}

func (l *Library) visit(ctx context.Context, field string, objs int) {
	if l.Visit != nil {
		l.Visit(ctx, field, objs)
	}
}

type (
	authorResolver           struct{ *Library }
	bookResolver             struct{ *Library }
	bookPayloadResolver      struct{ *Library }
	chartResolver            struct{ *Library }
	counterResolver          struct{ *Library }
	editionResolver          struct{ *Library }
	magazineResolver         struct{ *Library }
	memberResolver           struct{ *Library }
	mutationResolver         struct{ *Library }
	printResolver            struct{ *Library }
	publisherResolver        struct{ *Library }
	queryResolver            struct{ *Library }
	reviewResolver           struct{ *Library }
	reviewConnectionResolver struct{ *Library }
	shelfResolver            struct{ *Library }
	subscriptionResolver     struct{ *Library }
)

// Author and its siblings satisfy the generated ResolverRoot.
func (l *Library) Author() gen.AuthorResolver           { return authorResolver{l} }
func (l *Library) Book() gen.BookResolver               { return bookResolver{l} }
func (l *Library) BookPayload() gen.BookPayloadResolver { return bookPayloadResolver{l} }
func (l *Library) Chart() gen.ChartResolver             { return chartResolver{l} }
func (l *Library) Counter() gen.CounterResolver         { return counterResolver{l} }
func (l *Library) Edition() gen.EditionResolver         { return editionResolver{l} }
func (l *Library) Magazine() gen.MagazineResolver       { return magazineResolver{l} }
func (l *Library) Member() gen.MemberResolver           { return memberResolver{l} }
func (l *Library) Mutation() gen.MutationResolver       { return mutationResolver{l} }
func (l *Library) Print() gen.PrintResolver             { return printResolver{l} }
func (l *Library) Publisher() gen.PublisherResolver     { return publisherResolver{l} }
func (l *Library) Query() gen.QueryResolver             { return queryResolver{l} }
func (l *Library) Review() gen.ReviewResolver           { return reviewResolver{l} }
func (l *Library) ReviewConnection() gen.ReviewConnectionResolver {
	return reviewConnectionResolver{l}
}
func (l *Library) Shelf() gen.ShelfResolver               { return shelfResolver{l} }
func (l *Library) Subscription() gen.SubscriptionResolver { return subscriptionResolver{l} }

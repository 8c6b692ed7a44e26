package transporttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
)

// Resolver answers the schema. Use New: the zero value lacks its feed.
type Resolver struct {
	Feed    *Feed
	Value   atomic.Int64                 // what the mutation set last
	Waiting chan struct{}                // gets a value when `wait` has begun to wait
	Gate    chan struct{}                // `wait` answers when it can receive from it
	OnEnd   func(error)                  // sees why `wait` stopped waiting without an answer; nil is fine
	FailAt  int                          // the event that ends a `count` with Failure, 0 for none
	Failure error                        // how it ends
	Fail    func(context.Context, error) // tells the transport so
}

// New returns a resolver with an empty feed.
func New() *Resolver {
	return &Resolver{Feed: NewFeed(), Waiting: make(chan struct{}, 100), Gate: make(chan struct{})}
}

// Schema returns an executable schema over the resolver.
func (r *Resolver) Schema() graphql.ExecutableSchema {
	return NewExecutableSchema(Config{Resolvers: r})
}

// Query and its siblings are what generated code asks for.
func (r *Resolver) Query() QueryResolver               { return query{r} }
func (r *Resolver) Mutation() MutationResolver         { return mutation{r} }
func (r *Resolver) Subscription() SubscriptionResolver { return subscription{r} }
func (r *Resolver) Tick() TickResolver                 { return tick{r} }
func (r *Resolver) Node() NodeResolver                 { return node{r} }

type (
	query        struct{ *Resolver }
	mutation     struct{ *Resolver }
	subscription struct{ *Resolver }
	tick         struct{ *Resolver }
	node         struct{ *Resolver }
)

func (query) Hello(_ context.Context, name *string) (string, error) {
	if name == nil {
		return "hello", nil
	}
	return "hello " + *name, nil
}

func (r query) Wait(ctx context.Context) (string, error) {
	r.Waiting <- struct{}{}
	select {
	case <-r.Gate:
		return "waited", nil
	case <-ctx.Done():
		if r.OnEnd != nil {
			r.OnEnd(ctx.Err())
		}
		return "", ctx.Err()
	}
}

func (query) Fails(context.Context) (*string, error)    { return nil, errors.New("it failed") }
func (query) FailsHard(context.Context) (string, error) { return "", errors.New("it failed hard") }
func (query) Panics(context.Context) (*string, error)   { panic("a resolver panics") }

func (query) Echo(_ context.Context, value any, texts []string, ids [][]string, input *Input) (string, error) {
	b, err := json.Marshal([]any{value, texts, ids, input})
	return string(b), err
}

func (query) Pick(context.Context, Choice, []*Choice) (string, error) { return "picked", nil }

func (query) Node(context.Context) (*Node, error) { return &Node{ID: "1"}, nil }

func (query) Nodes(_ context.Context, first, last *int, _ *string) (*NodeConnection, error) {
	connection := &NodeConnection{}
	for i := range *first {
		connection.Edges = append(connection.Edges, &NodeEdge{Node: &Node{ID: strconv.Itoa(i)}})
	}
	return connection, nil
}

func (query) Items(context.Context) ([]*Node, error) { return []*Node{{ID: "1"}, {ID: "2"}}, nil }

func (r mutation) Set(_ context.Context, value int) (int, error) {
	return int(r.Value.Swap(int64(value))), nil
}

func (r subscription) Ticks(ctx context.Context, after, topic *string) (<-chan *Tick, error) {
	position := r.Feed.Head()
	if after != nil {
		given, err := strconv.Atoi(*after)
		if err != nil {
			return nil, fmt.Errorf("the cursor %q is malformed", *after)
		}
		position = given
	}
	if topic == nil {
		topic = new("")
	}
	return r.Feed.Read(ctx, position, *topic), nil
}

func (r subscription) Count(ctx context.Context, to int) (<-chan int, error) {
	out := make(chan int)
	go func() {
		defer close(out)
		for n := 1; n <= to; n++ {
			if n == r.FailAt {
				r.Fail(ctx, r.Failure)
				return
			}
			select {
			case out <- n:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

func (subscription) Refused(context.Context) (<-chan int, error) {
	return nil, errors.New("this stream is refused")
}

func (tick) Number(ctx context.Context, t *Tick) (int, error) {
	graphql.RegisterExtension(ctx, "cursor", strconv.Itoa(t.Number))
	return t.Number, nil
}

func (tick) Even(_ context.Context, t *Tick) (*bool, error) {
	if t.Number%2 == 1 {
		return nil, fmt.Errorf("%d is odd", t.Number)
	}
	return new(true), nil
}

func (node) Name(_ context.Context, n *Node, to *Case) (string, error) {
	if to != nil && *to == CaseUpper {
		return strings.ToUpper("node " + n.ID), nil
	}
	return "node " + n.ID, nil
}

func (node) Self(_ context.Context, n *Node) (*Node, error) { return n, nil }

func (node) Children(_ context.Context, n *Node, first *int) ([]*Node, error) {
	children := make([]*Node, *first)
	for i := range children {
		children[i] = &Node{ID: fmt.Sprintf("%s.%d", n.ID, i)}
	}
	return children, nil
}

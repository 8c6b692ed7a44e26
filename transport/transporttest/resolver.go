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
	Feed     *Feed
	Executed atomic.Int64                 // how many times an event was executed
	Value    atomic.Int64                 // what the mutation set last
	Waiting  chan struct{}                // gets a value when `wait` has begun to wait
	Gate     chan struct{}                // `wait` answers when it can receive from it
	OnEnd    func(error)                  // sees why `wait` stopped waiting without an answer; nil is fine
	FailAt   int                          // the event that ends a `count` with Failure, 0 for none
	Failure  error                        // how it ends
	Fail     func(context.Context, error) // tells the transport so
	Touched  func(context.Context, int)   // is told what `some` answers with; nil is fine
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

func (r query) Some(ctx context.Context, ids []string, input *Input) ([]*Node, error) {
	nodes := []*Node{}
	for _, id := range ids {
		nodes = append(nodes, &Node{ID: id})
	}
	if r.Touched != nil {
		r.Touched(ctx, len(nodes))
	}
	return nodes, nil
}

func (r mutation) Set(_ context.Context, value int) (int, error) {
	return int(r.Value.Swap(int64(value))), nil
}

func (r subscription) Ticks(ctx context.Context, after, topic, _ *string) (<-chan *Tick, error) {
	out := make(chan *Tick, 1)
	if one, ok := ctx.Value(eventKey{}).(*Tick); ok {
		out <- one
		close(out)
		return out, nil
	}
	position, err := r.position(after)
	if err != nil {
		return nil, err
	}
	ticks := r.Feed.Read(ctx, position, text(topic))
	go func() {
		defer close(out)
		for tick := range ticks {
			if tick == nil {
				continue
			}
			select {
			case out <- tick:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

// position is the place that a cursor stands for, the newest without one.
func (r *Resolver) position(after *string) (int, error) {
	if after == nil {
		return r.Feed.Head(), nil
	}
	position, err := strconv.Atoi(*after)
	if err != nil {
		return 0, fmt.Errorf("the cursor %q is malformed", *after)
	}
	return position, nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
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

func (r tick) Number(ctx context.Context, t *Tick) (int, error) {
	r.Executed.Add(1)
	graphql.RegisterExtension(ctx, "cursor", strconv.Itoa(t.Number))
	return t.Number, nil
}

func (tick) Viewer(ctx context.Context, _ *Tick) (string, error) { return ViewerFrom(ctx), nil }

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

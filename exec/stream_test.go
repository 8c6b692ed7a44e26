package exec_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"workflowfactory/exec"
	"workflowfactory/exec/exectest"
	"workflowfactory/exec/exectest/library"
	"workflowfactory/exec/exectest/library/gen"
	"workflowfactory/exec/exectest/library/model"
)

func subscribe(t *testing.T, text string) []exectest.Response {
	t.Helper()
	r := exectest.NewRunner(gen.NewSchema(library.New().Config()))
	return r.Run(t.Context(), exectest.Document{Query: text})
}

// TestSubscription gives a response for each event, with paths that begin at the root, and data null
// where the root may not be null.
func TestSubscription(t *testing.T) {
	got := subscribe(t, `subscription { book: bookChanged { id editor { name } } }`)
	if len(got) != 4 {
		t.Fatalf("%d events", len(got))
	}
	wantData(t, got[0], `{"book":{"id":"b1","editor":{"name":"Čapek"}}}`)
	wantData(t, got[1], `null`)
	wantErrors(t, got[1], `["book","editor"] cannot return null for non-null field Book.editor (Author!): the resolver returned nil`)
	wantData(t, got[2], `null`)
	wantErrors(t, got[2], `["book"] cannot return null for non-null field Subscription.bookChanged (Book!): the resolver returned nil`)
	wantData(t, got[3], `{"book":{"id":"b4","editor":{"name":"Ферлинг"}}}`)
}

// TestSubscriptionTypes streams scalars, lists and unions.
func TestSubscriptionTypes(t *testing.T) {
	for text, want := range map[string][]string{
		`subscription { n: ticks(from: 7) }`:                     {`{"n":7}`, `{"n":8}`, `{"n":9}`},
		`subscription { people(first: 1) { __typename } }`:       {`{"people":[{"__typename":"Author"}]}`, `{"people":[]}`, `{"people":[{"__typename":"Author"}]}`},
		`subscription { itemArrived { ... on Book { pages } } }`: {`{"itemArrived":{"pages":20}}`, `{"itemArrived":{}}`, `{"itemArrived":{"pages":80}}`, `{"itemArrived":{}}`, `{"itemArrived":{"pages":140}}`, `{"itemArrived":{}}`, `{"itemArrived":null}`},
	} {
		got := subscribe(t, text)
		if len(got) != len(want) {
			t.Errorf("%s: %d events, want %d", text, len(got), len(want))
			continue
		}
		for i := range got {
			wantData(t, got[i], want[i])
			wantErrors(t, got[i])
		}
	}
}

// TestSubscriptionRefused fails before the stream begins.
func TestSubscriptionRefused(t *testing.T) {
	for text, want := range map[string]string{
		`subscription { guardedTicks }`:                `["guardedTicks"] forbidden`,
		`subscription { failing }`:                     `["failing"] it failed`,
		`subscription { failing(fault: PANIC) }`:       `["failing"] recovered`,
		`subscription { x: failing(fault: EXTENDED) }`: `["x"] extended`,
	} {
		got := subscribe(t, text)
		if len(got) != 1 {
			t.Fatalf("%s: %d responses", text, len(got))
		}
		wantErrors(t, got[0], want)
		if got[0].Data != nil {
			t.Errorf("%s: data %s", text, got[0].Data)
		}
	}
}

// TestSubscriptionEnds with its context, also while it waits.
func TestSubscriptionEnds(t *testing.T) {
	l := library.New()
	l.Event = make(chan *model.Book)
	r := exectest.NewRunner(gen.NewSchema(l.Config()))
	ctx, cancel := context.WithCancel(graphql.StartOperationTrace(t.Context()))
	op, errs := r.CreateOperationContext(ctx, &graphql.RawParams{Query: `subscription { bookChanged { id } }`})
	if errs != nil {
		t.Fatal(errs)
	}
	next, ctx := r.DispatchOperation(ctx, op)
	go cancel()
	if response := next(ctx); response != nil {
		t.Errorf("an event after the end: %s", response.Data)
	}
}

// TestEventsDoNotShareMemory has an event's answer stay as it is when the next one comes, also where
// gqlgen executes.
func TestEventsDoNotShareMemory(t *testing.T) {
	exec.Poison(true)
	defer exec.Poison(false)
	for _, text := range []string{`subscription { ticks }`, `subscription { ... @defer(if: false) { ticks } }`} {
		r := exectest.NewRunner(gen.NewSchema(library.New().Config()))
		next, ctx := r.DispatchOperation(graphql.StartOperationTrace(t.Context()), prepare(t, r, text))
		first := next(ctx)
		exec.Release(next(ctx).Data)
		next(ctx)
		if string(first.Data) != `{"ticks":0}` {
			t.Errorf("%s: the first event has become %s", text, first.Data)
		}
	}
}

// event executes a subscription for one event.
func event(t *testing.T, r *exectest.Runner, op *graphql.OperationContext, value any) exectest.Response {
	t.Helper()
	next, ctx := r.DispatchOperation(exec.OneEvent(graphql.StartOperationTrace(t.Context()), value), op)
	response := next(ctx)
	if next(ctx) != nil {
		t.Error("a second response for one event")
	}
	return exectest.Response{Data: response.Data, Errors: response.Errors}
}

func prepare(t *testing.T, r *exectest.Runner, text string) *graphql.OperationContext {
	t.Helper()
	op, errs := r.CreateOperationContext(graphql.StartOperationTrace(t.Context()), &graphql.RawParams{Query: text})
	if errs != nil {
		t.Fatal(errs)
	}
	return op
}

// TestOneEvent executes one operation for one event after the other, without a stream.
func TestOneEvent(t *testing.T) {
	l := library.New()
	r := exectest.NewRunner(gen.NewSchema(l.Config()))
	op := prepare(t, r, `subscription { b: bookChanged(id: "b9") { id editor { id } } }`)
	book := func(n int) *model.Book { return &model.Book{Base: model.Base{ID: model.NewID('b', n)}} }

	wantData(t, event(t, r, op, book(1)), `{"b":{"id":"b1","editor":{"id":"a2"}}}`)
	got := event(t, r, op, book(7))
	wantData(t, got, `null`)
	wantErrors(t, got, `["b","editor"] it failed`)
	wantErrors(t, event(t, r, op, nil), `["b"] cannot return null for non-null field Subscription.bookChanged (Book!): the resolver returned nil`)
	wantErrors(t, event(t, r, op, 1), `["b"] an event of Subscription.bookChanged is a *model.Book, not a int`)
}

// TestOneEventTypes takes values of interfaces and scalars.
func TestOneEventTypes(t *testing.T) {
	r := exectest.NewRunner(gen.NewSchema(library.New().Config()))
	items := prepare(t, r, `subscription { itemArrived { __typename } }`)
	wantData(t, event(t, r, items, &model.Book{}), `{"itemArrived":{"__typename":"Book"}}`)
	wantData(t, event(t, r, items, model.Magazine{}), `{"itemArrived":{"__typename":"Magazine"}}`)
	wantData(t, event(t, r, items, nil), `{"itemArrived":null}`)
	wantData(t, event(t, r, prepare(t, r, `subscription { ticks }`), 42), `{"ticks":42}`)
	wantErrors(t, event(t, r, prepare(t, r, `subscription { guardedTicks }`), 42), `["guardedTicks"] forbidden`)
}

// TestOneEventTogether executes one operation for many events at the same time.
func TestOneEventTogether(t *testing.T) {
	l := library.New()
	r := exectest.NewRunner(gen.NewSchema(l.Config()))
	op := prepare(t, r, `subscription { bookChanged { id author { id } related { __typename } } }`)
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for range 50 {
				got := event(t, r, op, &model.Book{Base: model.Base{ID: model.NewID('b', n)}})
				if want := fmt.Sprintf(`{"bookChanged":{"id":"b%d"`, n); string(got.Data[:len(want)]) != want {
					t.Errorf("got %s", got.Data)
				}
				exec.Release(got.Data)
			}
		})
	}
	wg.Wait()
}

// TestOneEventIsForSubscriptions leaves queries alone, which run with the same context.
func TestOneEventIsForSubscriptions(t *testing.T) {
	r := exectest.NewRunner(gen.NewSchema(library.New().Config()))
	got := event(t, r, prepare(t, r, `{ echo(text: "x") }`), 42)
	wantData(t, got, `{"echo":"x"}`)
}

package exec

import (
	"context"
	"iter"
)

// Selection is what an operation asks of the objects that a resolver is to give.
type Selection struct{ field *field }

// Selecting has the context of each resolver of a query changed, so that no more of the objects need
// be read than the query asks of them. For each place where a resolver is called f is told once, as
// long as the plan lives, what is asked there; what it gives changes the contexts. Resolvers of
// mutations and subscriptions are left alone: they need their objects whole, to decide by them.
func Selecting(f func(Selection) func(context.Context) context.Context) Option {
	return func(s *Schema) { s.selecting = f }
}

// Fields gives the names of the fields that are asked of objects of a type, each name once or more.
// Meant are the objects that the resolver gives and those that they hold, down to where another
// resolver is asked.
func (s Selection) Fields(object string) iter.Seq[string] {
	return func(yield func(string) bool) { s.field.given(object, yield) }
}

func (f *field) given(object string, yield func(string) bool) bool {
	for _, sel := range f.subs {
		for i := range sel.fields {
			sub := &sel.fields[i]
			if sub.fixed {
				continue
			}
			if sub.object == object && !yield(sub.collected.Name) {
				return false
			}
			if sub.def.Get != nil && !sub.given(object, yield) {
				return false
			}
		}
	}
	return true
}

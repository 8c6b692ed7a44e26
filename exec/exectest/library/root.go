package library

import (
	"context"
	"fmt"

	"workflowfactory/exec/exectest/library/model"
)

func (r queryResolver) find(id model.ID) model.Node {
	n := id.Number()
	switch {
	case id[0] == 'b' && n < books:
		return r.books[n]
	case id[0] == 'a' && n < authors:
		return r.authors[n]
	case id[0] == 'm' && n < members:
		return r.members[n]
	case id[0] == 'z' && n < magazines:
		return *r.magazines[n]
	case id[0] == 'r':
		return review(n/10, n%10)
	}
	return nil
}

func (r queryResolver) Book(ctx context.Context, id model.ID) (*model.Book, error) {
	book, _ := r.find(id).(*model.Book)
	return book, nil
}

func (r queryResolver) Books(ctx context.Context, first int, filter *model.BookFilter, fault *model.Fault) ([]*model.Book, error) {
	if fault != nil {
		if err := raise(ctx, *fault); err != nil {
			return nil, err
		}
	}
	list := []*model.Book{}
	for _, book := range r.booksFrom(0, first) {
		if admits(filter, book) {
			list = append(list, book)
		}
	}
	return list, nil
}

func admits(filter *model.BookFilter, book *model.Book) bool {
	if filter == nil {
		return true
	}
	genre, set := filter.Genre.ValueOK()
	return !set || genre == nil || *genre == book.Genre
}

func (r queryResolver) MaybeBooks(ctx context.Context, first int) ([]*model.Book, error) {
	list := r.booksFrom(1, first)
	for i := range list {
		if i%3 == 1 {
			list[i] = nil
		}
	}
	return list, nil
}

func (r queryResolver) StrictBooks(ctx context.Context, first int) ([]*model.Book, error) {
	list := r.booksFrom(2, first)
	if first > 3 {
		list[3] = nil
	}
	return list, nil
}

func (r queryResolver) Person(ctx context.Context, n int) (model.Person, error) {
	return r.person(n & 15), nil
}

func (r queryResolver) People(ctx context.Context, first int) ([]model.Person, error) {
	return r.Library.people(0, first), nil
}

func (r queryResolver) Items(ctx context.Context, first int) ([]model.Item, error) {
	return r.itemsFrom(0, first), nil
}

func (r queryResolver) Priced(ctx context.Context, first int) ([]model.Priced, error) {
	return []model.Priced{
		r.books[1], *r.magazines[1], &model.Print{Run: 1, BookN: 2}, r.magazines[2], r.books[2],
	}[:min(first, 5)], nil
}

func (r queryResolver) Node(ctx context.Context, id model.ID) (model.Node, error) {
	return r.find(id), nil
}

func (r queryResolver) Nodes(ctx context.Context, ids []model.ID) ([]model.Node, error) {
	list := make([]model.Node, len(ids))
	for i, id := range ids {
		list[i] = r.find(id)
	}
	return list, nil
}

func (r queryResolver) MustBook(ctx context.Context, found bool) (*model.Book, error) {
	if !found {
		return nil, nil
	}
	return r.books[4], nil
}

func (r queryResolver) Now(ctx context.Context) (*model.DateTime, error) { return new(instant(9)), nil }

func (r queryResolver) Echo(ctx context.Context, text *string) (*string, error) { return text, nil }

func (r queryResolver) Sum(ctx context.Context, numbers []int) (int, error) {
	sum := 0
	for _, n := range numbers {
		sum += n
	}
	return sum, nil
}

func (r queryResolver) AnyOf(ctx context.Context, value any) (any, error) { return value, nil }

func (r queryResolver) Settings(ctx context.Context) (model.JSON, error) {
	return model.JSON(`{"a":[true,false]}`), nil
}

func (r queryResolver) Members(ctx context.Context) ([]*model.Member, error) {
	if by, _ := ctx.Value(notedKey{}).(string); by != "nobody" {
		return nil, fmt.Errorf("noted by %q", by)
	}
	return r.members, nil
}

func (r queryResolver) Denied(ctx context.Context) (*model.Book, error) {
	panic("a denied resolver was called")
}

func (r queryResolver) Failing(ctx context.Context, fault model.Fault) (*string, error) {
	return nil, raise(ctx, fault)
}

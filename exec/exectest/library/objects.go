package library

import (
	"context"

	"workflowfactory/exec/exectest/library/model"
)

func (l *Library) people(n, first int) []model.Person {
	list := []model.Person{}
	for i := range first {
		list = append(list, l.sure(n+i))
	}
	return list
}

func (l *Library) itemsFrom(n, first int) []model.Item {
	list := []model.Item{}
	for i := range first {
		list = append(list, l.item(n+i))
	}
	return list
}

func (l *Library) sureItems(n, first int) []model.Item {
	list := []model.Item{}
	for i := range first {
		list = append(list, l.sureItem(n+i))
	}
	return list
}

func (l *Library) booksFrom(n, first int) []*model.Book {
	list := []*model.Book{}
	for i := range first {
		list = append(list, l.book(n+i))
	}
	return list
}

func (r authorResolver) Friends(ctx context.Context, objs []*model.Author, first int, fault *model.Fault) ([][]model.Person, error) {
	r.visit(ctx, "Author.friends", len(objs))
	return each(ctx, objs, fault, func(a *model.Author) ([]model.Person, error) {
		return r.Library.people(a.ID.Number(), first), perObject(fault, a.ID.Number())
	})
}

func (r authorResolver) Favourite(ctx context.Context, objs []*model.Author) ([]model.Item, error) {
	return all(objs, func(a *model.Author) model.Item { return r.item(a.ID.Number()) })
}

func (r authorResolver) Books(ctx context.Context, objs []*model.Author, first int, genre *model.Genre, fault *model.Fault) ([][]*model.Book, error) {
	r.visit(ctx, "Author.books", len(objs))
	return each(ctx, objs, fault, func(a *model.Author) ([]*model.Book, error) {
		n := a.ID.Number()
		var list []*model.Book
		for _, book := range r.booksFrom(n, first) {
			if genre == nil || book.Genre == *genre {
				list = append(list, book)
			}
		}
		return list, perObject(fault, n)
	})
}

func (r authorResolver) BookCount(ctx context.Context, objs []*model.Author) ([]int, error) {
	return all(objs, func(a *model.Author) int { return a.ID.Number() * 2 })
}

func (r authorResolver) Awards(ctx context.Context, objs []*model.Author) ([][]string, error) {
	return all(objs, func(a *model.Author) []string { return [][]string{nil, {}, {"Prize"}}[a.ID.Number()%3] })
}

func (r authorResolver) Bestseller(ctx context.Context, objs []*model.Author) ([]*model.Book, error) {
	return all(objs, func(a *model.Author) *model.Book {
		if a.ID.Number()%2 == 0 {
			return nil
		}
		return r.book(a.ID.Number())
	})
}

func (r memberResolver) Friends(ctx context.Context, objs []*model.Member, first int, fault *model.Fault) ([][]model.Person, error) {
	return each(ctx, objs, fault, func(m *model.Member) ([]model.Person, error) {
		return r.Library.people(m.ID.Number()+2, first), perObject(fault, m.ID.Number())
	})
}

func (r memberResolver) Favourite(ctx context.Context, objs []*model.Member) ([]model.Item, error) {
	return all(objs, func(m *model.Member) model.Item { return r.item(m.ID.Number() + 3) })
}

func (r memberResolver) Loans(ctx context.Context, objs []*model.Member, first int) ([][]*model.Loan, error) {
	return all(objs, func(m *model.Member) []*model.Loan {
		n := m.ID.Number()
		if n == 2 {
			return nil
		}
		var loans []*model.Loan
		for i := range first {
			loans = append(loans, &model.Loan{Book: r.book(n + i), Borrower: r.person(n + i), Due: instant(n)})
		}
		return loans
	})
}

func (r magazineResolver) Editor(ctx context.Context, objs []*model.Magazine) ([]*model.Author, error) {
	return all(objs, func(m *model.Magazine) *model.Author { return r.author(m.Issue) })
}

func (r chartResolver) DrawnBy(ctx context.Context, objs []*model.Chart) ([]model.Person, error) {
	return all(objs, func(c *model.Chart) model.Person { return r.person(c.ID.Number() + 3) })
}

func (r editionResolver) Book(ctx context.Context, objs []*model.Edition) ([]*model.Book, error) {
	return all(objs, func(e *model.Edition) *model.Book { return r.book(e.BookN) })
}

func (r printResolver) Book(ctx context.Context, objs []*model.Print) ([]*model.Book, error) {
	return all(objs, func(p *model.Print) *model.Book { return r.book(p.BookN) })
}

func (r publisherResolver) Books(ctx context.Context, objs []*model.Publisher, first int) ([][]*model.Book, error) {
	return all(objs, func(p *model.Publisher) []*model.Book { return append(r.booksFrom(len(p.Name), first), nil) })
}

func (r reviewResolver) Book(ctx context.Context, objs []*model.Review) ([]*model.Book, error) {
	return all(objs, func(v *model.Review) *model.Book {
		if v.ByN%5 == 3 {
			return nil // although it must not be
		}
		return r.book(v.BookN)
	})
}

func (r reviewResolver) By(ctx context.Context, objs []*model.Review) ([]model.Person, error) {
	r.visit(ctx, "Review.by", len(objs))
	return all(objs, func(v *model.Review) model.Person { return r.person(v.ByN) })
}

func (r reviewConnectionResolver) TotalCount(ctx context.Context, objs []*model.ReviewConnection) ([]int, error) {
	r.visit(ctx, "ReviewConnection.totalCount", len(objs))
	return all(objs, func(c *model.ReviewConnection) int { return 5 + c.BookN })
}

func (r shelfResolver) Items(ctx context.Context, objs []*model.Shelf, first int) ([][]model.Item, error) {
	return all(objs, func(s *model.Shelf) []model.Item { return r.itemsFrom(s.N, first) })
}

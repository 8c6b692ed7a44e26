package library

import (
	"context"
	"fmt"

	"workflowfactory/exec/exectest/library/model"
)

func (r bookResolver) Author(ctx context.Context, objs []*model.Book, fault *model.Fault) ([]*model.Author, error) {
	r.visit(ctx, "Book.author", len(objs))
	return each(ctx, objs, fault, func(b *model.Book) (*model.Author, error) {
		n := b.ID.Number()
		if n%5 == 2 {
			return nil, perObject(fault, n)
		}
		return r.author(n), perObject(fault, n)
	})
}

func (r bookResolver) Editor(ctx context.Context, objs []*model.Book) ([]*model.Author, error) {
	return each(ctx, objs, nil, func(b *model.Book) (*model.Author, error) {
		switch n := b.ID.Number(); n {
		case 3:
			return nil, nil // although it must not be
		case 7:
			return nil, errFailed
		default:
			return r.author(n + 1), nil
		}
	})
}

func (r bookResolver) Related(ctx context.Context, objs []*model.Book, first int, fault *model.Fault) ([][]model.Item, error) {
	return each(ctx, objs, fault, func(b *model.Book) ([]model.Item, error) {
		n := b.ID.Number()
		if n == 9 {
			return r.itemsFrom(n, first), nil // with null, although it must not be
		}
		return r.sureItems(n+1, first), perObject(fault, n)
	})
}

func (r bookResolver) Reviews(ctx context.Context, objs []*model.Book, first int, after *model.ID, filter *model.ReviewFilter, fault *model.Fault) ([]*model.ReviewConnection, error) {
	r.visit(ctx, "Book.reviews", len(objs))
	from := 0
	if after != nil {
		from = after.Number() % 4
	}
	if stars, ok := minStars(filter); ok {
		from = max(from, stars-1)
	}
	return each(ctx, objs, fault, func(b *model.Book) (*model.ReviewConnection, error) {
		n := b.ID.Number()
		c := &model.ReviewConnection{Edges: []*model.ReviewEdge{}, BookN: n}
		for i := from; i < min(from+first, 5); i++ {
			v := review(n, i)
			c.Edges = append(c.Edges, &model.ReviewEdge{Cursor: v.ID, Node: v})
			c.PageInfo.EndCursor = &v.ID
		}
		c.PageInfo.HasNextPage = from+first < 5
		return c, perObject(fault, n)
	})
}

func minStars(filter *model.ReviewFilter) (int, bool) {
	if filter == nil {
		return 0, false
	}
	stars, set := filter.MinStars.ValueOK()
	if !set || stars == nil {
		return 0, false
	}
	return int(*stars), true
}

func (r bookResolver) Shelves(ctx context.Context, objs []*model.Book) ([][][]*model.Shelf, error) {
	return all(objs, func(b *model.Book) [][]*model.Shelf {
		n := b.ID.Number()
		shelf := func(i int) *model.Shelf { return &model.Shelf{Label: fmt.Sprint(n, i), N: n + i} }
		return [][][]*model.Shelf{nil, {{shelf(1)}, nil}, {{shelf(2), shelf(3)}, {}, {shelf(4)}}}[n%3]
	})
}

func (r bookResolver) Score(ctx context.Context, objs []*model.Book) ([]*float64, error) {
	return all(objs, func(b *model.Book) *float64 { return some(b.ID.Number(), 1/float64(b.Pages)) })
}

func (r bookResolver) Scores(ctx context.Context, objs []*model.Book, fault *model.Fault) ([][]int, error) {
	return each(ctx, objs, fault, func(b *model.Book) ([]int, error) {
		n := b.ID.Number()
		return [][]int{nil, {}, {n, -n}}[n%3], perObject(fault, n)
	})
}

func (r bookResolver) GenreOf(ctx context.Context, objs []*model.Book) ([]*model.Genre, error) {
	return all(objs, func(b *model.Book) *model.Genre { return some(b.ID.Number(), b.Genre) })
}

func (r bookResolver) Guarded(ctx context.Context, objs []*model.Book) ([]*model.Author, error) {
	r.visit(ctx, "Book.guarded", len(objs))
	return all(objs, func(b *model.Book) *model.Author { return r.author(b.ID.Number()) })
}

func (r bookResolver) Forbidden(ctx context.Context, objs []*model.Book) ([]*model.Author, error) {
	r.visit(ctx, "Book.forbidden", len(objs))
	return all(objs, func(b *model.Book) *model.Author { return r.author(b.ID.Number()) })
}

package library

import (
	"context"

	"workflowfactory/exec/exectest/library/model"
)

func (r mutationResolver) AddBook(ctx context.Context, input model.AddBookInput) (*model.BookPayload, error) {
	book := *r.books[1]
	book.Title, book.Genre = input.Title, input.Genre
	changed := []string{"title"}
	if subtitle, set := input.Subtitle.ValueOK(); set {
		book.Subtitle = subtitle
		changed = append(changed, "subtitle")
	}
	if tags, set := input.Tags.ValueOK(); set {
		book.Tags = tags
		changed = append(changed, "tags")
	}
	r.counter.Add(1)
	return &model.BookPayload{Book: &book, Changed: changed}, nil
}

func (r mutationResolver) RenameBook(ctx context.Context, id model.ID, title string) (*model.Book, error) {
	book, _ := queryResolver(r).find(id).(*model.Book)
	if book == nil {
		return nil, nil
	}
	renamed := *book
	renamed.Title = title
	return &renamed, nil
}

func (r mutationResolver) Bump(ctx context.Context, by int, fault *model.Fault) (*model.Counter, error) {
	value := int(r.counter.Add(int64(by)))
	if fault != nil {
		if err := raise(ctx, *fault); err != nil || *fault == model.FaultNull {
			return nil, err
		}
	}
	return &model.Counter{Value: value}, nil
}

func (r mutationResolver) MaybeBump(ctx context.Context, by int, fault *model.Fault) (*model.Counter, error) {
	return r.Bump(ctx, by, fault)
}

func (r counterResolver) Bump(ctx context.Context, objs []*model.Counter, by int) ([]int, error) {
	return all(objs, func(c *model.Counter) int { return c.Value + by })
}

func (r counterResolver) Book(ctx context.Context, objs []*model.Counter) ([]*model.Book, error) {
	return all(objs, func(c *model.Counter) *model.Book { return r.book(c.Value) })
}

func (r bookPayloadResolver) Cursor(ctx context.Context, objs []*model.BookPayload) ([]model.ID, error) {
	return all(objs, func(*model.BookPayload) model.ID { return model.NewID('e', int(r.counter.Load())) })
}

// stream gives the values one after the other, until the subscriber leaves.
func stream[T any](ctx context.Context, values ...T) <-chan T {
	events := make(chan T)
	go func() {
		defer close(events)
		for _, value := range values {
			select {
			case events <- value:
			case <-ctx.Done():
				return
			}
		}
	}()
	return events
}

func (r subscriptionResolver) BookChanged(ctx context.Context, id *model.ID) (<-chan *model.Book, error) {
	if r.Event != nil {
		return r.Event, nil
	}
	return stream(ctx, r.books[1], r.books[3], nil, r.books[4]), nil
}

func (r subscriptionResolver) ItemArrived(ctx context.Context) (<-chan model.Item, error) {
	return stream(ctx, r.itemsFrom(0, 7)...), nil
}

func (r subscriptionResolver) People(ctx context.Context, first int) (<-chan []model.Person, error) {
	return stream(ctx, r.Library.people(0, first), nil, r.Library.people(2, first)), nil
}

func (r subscriptionResolver) Ticks(ctx context.Context, from int) (<-chan int, error) {
	return stream(ctx, from, from+1, from+2), nil
}

func (r subscriptionResolver) GuardedTicks(ctx context.Context) (<-chan int, error) {
	panic("a denied resolver was called")
}

func (r subscriptionResolver) Failing(ctx context.Context, fault model.Fault) (<-chan *string, error) {
	return stream[*string](ctx, nil), raise(ctx, fault)
}

package db

import (
	"context"
	"sync"

	"workflowfactory/model"
)

// Borrowed is a context in which the rows of lists are read into memory that others used before and will use again. It is
// for who asks, answers and forgets: after End nothing that was read may be looked at any more. Never called, End leaves
// the memory to the garbage collector.
type Borrowed struct {
	context.Context

	mu     sync.Mutex // protects blocks
	blocks []interface{ giveBack() }
}

// Borrow makes such a context.
func Borrow(ctx context.Context) *Borrowed { return &Borrowed{Context: ctx} }

type borrowedKey struct{}

// Value gives what the context has that this one is made from.
func (b *Borrowed) Value(key any) any {
	if key == (borrowedKey{}) {
		return b
	}
	return b.Context.Value(key)
}

// End gives the memory back.
func (b *Borrowed) End() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, block := range b.blocks {
		block.giveBack()
	}
	b.blocks = nil
}

// blockRows is how many rows are borrowed at once. Lists of a few rows have memory of their own.
const blockRows = 64

// block is memory for rows of one table. While nobody uses it, it is zero.
type block[T any] struct {
	rows [blockRows]T
	home *sync.Pool
}

func (b *block[T]) giveBack() {
	clear(b.rows[:])
	b.home.Put(b)
}

// borrow takes a block until the context's End; nil where the context has none.
func borrow[T any](ctx context.Context, home *sync.Pool) []T {
	to, ok := ctx.Value(borrowedKey{}).(*Borrowed)
	if !ok || home == nil {
		return nil
	}
	taken, ok := home.Get().(*block[T])
	if !ok {
		taken = &block[T]{home: home}
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	to.blocks = append(to.blocks, taken)
	return taken.rows[:]
}

// index takes a map that is empty, and may have been used before.
func (t *table[T]) index() map[model.ID]*T {
	if t.indexes != nil {
		if used, ok := t.indexes.Get().(map[model.ID]*T); ok {
			return used
		}
	}
	return map[model.ID]*T{}
}

func (t *table[T]) giveBack(index map[model.ID]*T) {
	if t.indexes != nil {
		clear(index)
		t.indexes.Put(index)
	}
}

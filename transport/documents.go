package transport

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/vektah/gqlparser/v2/ast"
)

// kept holds those of its values that were last used, within a number of bytes. It is bounded by what it holds in memory
// and not by entries, because one document may be a thousand times the size of another.
type kept[V any] struct {
	most  int
	weigh func(key string, value V) int

	mu    sync.Mutex // protects what follows
	cache *simplelru.LRU[string, V]
	bytes int
}

// perEntry is what an entry takes beside its text.
const perEntry = 1024

func newKept[V any](bytes int, weigh func(string, V) int) *kept[V] {
	k := &kept[V]{most: bytes, weigh: weigh}
	k.cache, _ = simplelru.NewLRU(bytes/perEntry+1, // more than will ever fit, so bytes are the bound
		func(key string, value V) { k.bytes -= weigh(key, value) })
	return k
}

// Get returns the value of a key and marks it as used.
func (k *kept[V]) Get(_ context.Context, key string) (V, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.cache.Get(key)
}

// Add keeps a value and forgets those longest unused. One that is larger than everything may be is not kept.
func (k *kept[V]) Add(_ context.Context, key string, value V) {
	k.mu.Lock()
	defer k.mu.Unlock()
	weight := k.weigh(key, value)
	if weight > k.most || k.cache.Contains(key) {
		return
	}
	k.cache.Add(key, value)
	k.bytes += weight
	for k.bytes > k.most {
		k.cache.RemoveOldest()
	}
}

// documents keeps parsed documents by their text.
type documents = kept[*ast.QueryDocument]

var _ graphql.Cache[*ast.QueryDocument] = (*documents)(nil)

// What a parsed document takes, measured: two-letter fields are the worst and take 113 bytes for each of their text,
// ordinary documents 20 to 30.
const perByte = 115

func newDocuments(bytes int) *documents {
	return newKept(bytes, func(text string, _ *ast.QueryDocument) int { return perEntry + len(text)*perByte })
}

// newTexts keeps documents that were not parsed by their hashes.
func newTexts(bytes int) *kept[string] {
	return newKept(bytes, func(_, text string) int { return perEntry + len(text) })
}

package transport

import (
	"sync"
	"sync/atomic"

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

// get returns the value of a key and marks it as used.
func (k *kept[V]) get(key string) (V, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.cache.Get(key)
}

// add keeps a value and forgets those longest unused. It gives the value that is kept, which is that of who came first;
// one that is larger than everything may be is not kept.
func (k *kept[V]) add(key string, value V) V {
	k.mu.Lock()
	defer k.mu.Unlock()
	if first, there := k.cache.Get(key); there {
		return first
	}
	weight := k.weigh(key, value)
	if weight > k.most {
		return value
	}
	k.cache.Add(key, value)
	k.bytes += weight
	for k.bytes > k.most {
		k.cache.RemoveOldest()
	}
	return value
}

// document is one that has passed, with what is known of it.
type document struct {
	*ast.QueryDocument
	costs []atomic.Int64 // of each operation, and one more, so that zero means that it is not known or that variables decide
}

func newDocument(parsed *ast.QueryDocument) *document {
	return &document{QueryDocument: parsed, costs: make([]atomic.Int64, len(parsed.Operations))}
}

// What a parsed document takes, measured: two-letter fields are the worst and take 113 bytes for each of their text,
// ordinary documents 20 to 30.
const perByte = 115

func newDocuments(bytes int) *kept[*document] {
	return newKept(bytes, func(text string, _ *document) int { return perEntry + len(text)*perByte })
}

// newTexts keeps documents that were not parsed by their hashes.
func newTexts(bytes int) *kept[string] {
	return newKept(bytes, func(_, text string) int { return perEntry + len(text) })
}

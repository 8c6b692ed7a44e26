package transport

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/vektah/gqlparser/v2/ast"
)

// documents keeps parsed documents by their text, those last used, within a number of bytes. It is bounded by what it
// holds in memory and not by entries, because one document may be a thousand times the size of another.
type documents struct {
	most int

	mu    sync.Mutex // protects what follows
	cache *simplelru.LRU[string, *ast.QueryDocument]
	bytes int
}

var _ graphql.Cache[*ast.QueryDocument] = (*documents)(nil)

// What a parsed document takes, measured: two-letter fields are the worst and take 113 bytes for each of their text,
// ordinary documents 20 to 30.
const perDocument, perByte = 1024, 115

func newDocuments(bytes int) *documents {
	d := &documents{most: bytes}
	d.cache, _ = simplelru.NewLRU(bytes/perDocument+1, // more than will ever fit, so bytes are the bound
		func(text string, _ *ast.QueryDocument) { d.bytes -= weight(text) })
	return d
}

func weight(text string) int { return perDocument + len(text)*perByte }

// Get returns the document of a text and marks it as used.
func (d *documents) Get(_ context.Context, text string) (*ast.QueryDocument, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cache.Get(text)
}

// Add keeps a document and forgets those longest unused. One that is larger than everything may be is not kept.
func (d *documents) Add(_ context.Context, text string, doc *ast.QueryDocument) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if weight(text) > d.most || d.cache.Contains(text) {
		return
	}
	d.cache.Add(text, doc)
	d.bytes += weight(text)
	for d.bytes > d.most {
		d.cache.RemoveOldest()
	}
}

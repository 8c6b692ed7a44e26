package transport

import (
	"fmt"
	"strings"
	"testing"
)

func TestPassedDocumentsAreKeptWithinTheirBytes(t *testing.T) {
	t.Parallel()
	cache := newDocuments(64 << 10)
	document := func(i int) string { return fmt.Sprintf("{a%03d}", i) }
	for i := range 200 {
		cache.add(document(i), nil)
		cache.get(document(0)) // is used all the time
	}
	cache.add(strings.Repeat("x", 64<<10), nil)
	if cache.bytes > cache.most || cache.bytes < cache.most/2 {
		t.Errorf("%d bytes are kept, of %d", cache.bytes, cache.most)
	}
	kept := 0
	for i := range 200 {
		if _, ok := cache.get(document(i)); ok {
			kept++
		}
	}
	if kept < 20 || kept > 64 {
		t.Errorf("%d of 200 documents are kept", kept)
	}
	for _, i := range []int{0, 199} {
		if _, ok := cache.get(document(i)); !ok {
			t.Errorf("document %d, just used, is forgotten", i)
		}
	}
}

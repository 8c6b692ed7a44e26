package graph

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"workflowfactory/transport"
)

// TestDistinctDocumentsTakeNoMemory sends documents of which no two are the same through the parser, validation, the cache
// of documents and that of plans. WFD_DOCUMENTS says how many; a million take some minutes.
func TestDistinctDocumentsTakeNoMemory(t *testing.T) {
	documents := 4_000
	if n, err := strconv.Atoi(os.Getenv("WFD_DOCUMENTS")); err == nil {
		documents = n
	}
	const (
		megabyte = 1 << 20
		most     = 8 * megabyte
	)
	if grown := growth(t, documents, megabyte); grown > most {
		t.Errorf("%d documents left %d MB", documents, grown/megabyte)
	}
	// The control: a cache that keeps them all is found out.
	if grown := growth(t, 2_500, 1<<40); grown < most {
		t.Errorf("a cache without a bound left only %d MB", grown/megabyte)
	}
}

// growth is by how many bytes the heap has grown after so many documents, beyond what it is after the first few.
func growth(t *testing.T, documents, cacheBytes int) int {
	t.Helper()
	exec, err := transport.NewExecutor(NewSchema(&Resolver{}), transport.Config{Limits: transport.Limits{DocumentCacheBytes: cacheBytes}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(i int) {
		query := fmt.Sprintf(`query Q%d($id: ID!) { workflow(id: $id) { a%d: id name ... on Workflow { status tasks(first: 3) { edges { node { id agent { name } } } } } } }`, i, i)
		ctx, _, errs := exec.Create(context.Background(), &graphql.RawParams{Query: query, Variables: map[string]any{"id": "x"}})
		if errs != nil {
			t.Fatal(errs)
		}
		if response, _ := exec.Answer(ctx); len(response.Errors) != 1 || len(response.Data) == 0 { // nobody is signed in
			t.Fatalf("%s %v", response.Data, response.Errors)
		}
	}
	const first = 300
	for i := range first {
		ask(i)
	}
	before := heap()
	for i := range documents {
		ask(first + i)
	}
	grown := heap() - before
	t.Logf("%d documents, of which %d bytes may be kept: the heap has grown by %d KB", documents, cacheBytes, grown>>10)
	runtime.KeepAlive(exec)
	return grown
}

// heap is what is in use once the plans of documents that are gone have been forgotten too.
func heap() int {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
		runtime.Gosched()
	}
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

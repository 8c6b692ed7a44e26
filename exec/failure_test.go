package exec_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"workflowfactory/exec"
	"workflowfactory/exec/exectest"
	"workflowfactory/exec/exectest/library"
	"workflowfactory/exec/exectest/library/gen"
)

// TestFaults has each way in which a batch resolver can fail.
func TestFaults(t *testing.T) {
	const text = `{ nodes(ids: ["b3", "b4"]) { ... on Book { id author(fault: %s) { id } } } now }`
	const data = `{"nodes":[{"id":"b3","author":null},{"id":"b4","author":null}],"now":"2026-01-01T09:00:00Z"}`
	for _, c := range []struct {
		fault string
		each  []string // messages of one object
	}{
		{"ERROR", []string{"it failed"}},
		{"PANIC", []string{"recovered"}},
		{"SHORT", []string{"batch resolver Book.author returned 1 results for 2 parents"}},
		{"SHORT_ERRORS", []string{"batch resolver Book.author returned 1 errors for 2 parents"}},
		{"EXTENDED", []string{"extended"}},
		{"WRAPPED", []string{"wrapped"}},
		{"HERE", []string{"it failed"}},
	} {
		t.Run(c.fault, func(t *testing.T) {
			got := query(t, fmt.Sprintf(text, c.fault))
			wantData(t, got, data)
			var errs []string
			for i := range 2 {
				for _, message := range c.each {
					errs = append(errs, fmt.Sprintf(`["nodes",%d,"author"] %s`, i, message))
				}
			}
			wantErrors(t, got, errs...)
		})
	}
}

// TestSomeParentsFail leaves the others their results.
func TestSomeParentsFail(t *testing.T) {
	got := query(t, `{ books(first: 5) { author(fault: ERRORS) { id } scores(fault: ERRORS) } }`)
	wantData(t, got, `{"books":[{"author":{"id":"a0"},"scores":null},{"author":null,"scores":null},{"author":null,"scores":[2,-2]},`+
		`{"author":{"id":"a3"},"scores":null},{"author":null,"scores":null}]}`)
	wantErrors(t, got,
		`["books",1,"author"] object 1 failed`, `["books",1,"scores"] object 1 failed`,
		`["books",4,"author"] object failed`, `["books",4,"scores"] object failed`)
	if n := got.Errors[2].Extensions["n"]; n != 4 {
		t.Errorf("extension n is %v", n)
	}
}

// TestErrorsKeepTheirOwn has several errors in one, and paths that were given on purpose.
func TestErrorsKeepTheirOwn(t *testing.T) {
	got := query(t, `{ maybeBooks(first: 1) { author(fault: LIST) { id } a: author(fault: ELSEWHERE) { id } } }`)
	wantErrors(t, got,
		`["maybeBooks",0,"author"] first`, `["own"] second`, `["else",1] elsewhere`)
}

// TestErrorsOfArguments stand where the argument is, for each object.
func TestErrorsOfArguments(t *testing.T) {
	got := query(t, `{
		echo(text: "much too long")
		nodes(ids: ["b1", "b2"]) { ... on Book { reviews(filter: {text: "much too long too"}) { totalCount } } }
		maybeBooks(first: 1) { publisher { address { town(near: "too long") } } }
	}`)
	wantData(t, got, `{"echo":null,"nodes":[null,null],"maybeBooks":[{"publisher":{"address":{"town":null}}}]}`)
	wantErrors(t, got,
		`["echo","text"] longer than 10`,
		`["nodes",0,"reviews","filter","text"] longer than 12`,
		`["nodes",1,"reviews","filter","text"] longer than 12`,
		`["maybeBooks",0,"publisher","address","town","near"] longer than 4`)
}

// TestPanicsOfModels cost only the field of the object at fault: methods, scalars that cannot be
// written and embedded structs that are not there.
func TestPanicsOfModels(t *testing.T) {
	got := query(t, `{ nodes(ids: ["b6", "b0", "b7", "m4"]) {
		... on Book { title spine publisher { city } }
		... on Member { name card { number } }
	} a: nodes(ids: ["b6"]) { ... on Book { publisher { address { street } } } } }`)
	wantData(t, got, `{"nodes":[{"title":"Ulysses","spine":"Ul","publisher":{"city":null}},null,`+
		`{"title":"Solaris","spine":"So","publisher":{"city":"city"}},null],"a":[null]}`)
	wantErrors(t, got,
		`["nodes",0,"publisher","city"] recovered`,
		`["nodes",1,"spine"] recovered`,
		`["nodes",3,"card"] 4 is not yours`,
		`["a",0,"publisher","address"] recovered`)
}

// TestUnwritableScalars are errors, not JSON that nobody can read.
func TestUnwritableScalars(t *testing.T) {
	got := query(t, `{ book(id: "b6") { title stars } }`)
	wantData(t, got, `{"book":{"title":"Ulysses","stars":null}}`)
	wantErrors(t, got, `["book","stars"] more than five stars`)
}

// TestErrorCap leaves out what is beyond it, not the nulls.
func TestErrorCap(t *testing.T) {
	const text = `{ books(first: 300) { author(fault: ERROR) { id } } }`
	if got := query(t, text); len(got.Errors) != 100 {
		t.Errorf("%d errors by default", len(got.Errors))
	}
	got := query(t, text, exec.MaxErrors(2))
	wantErrors(t, got, `["books",0,"author"] it failed`, `["books",1,"author"] it failed`)
	if n := strings.Count(string(got.Data), `"author":null`); n != 300 {
		t.Errorf("%d nulls", n)
	}
}

// TestPresenter gets each error with what it wraps, and a context that knows the place.
func TestPresenter(t *testing.T) {
	r := exectest.NewRunner(gen.NewSchema(library.New().Config()))
	var seen []string
	r.SetErrorPresenter(func(ctx context.Context, err error) *gqlerror.Error {
		fc := graphql.GetFieldContext(ctx)
		seen = append(seen, fmt.Sprint(fc.Object, ".", fc.Field.Name, " ", graphql.GetPath(ctx)))
		presented := graphql.DefaultErrorPresenter(ctx, err)
		presented.Message = "presented"
		if invalid, ok := errors.AsType[*graphql.InvalidNullError](err); ok {
			presented.Message = string(invalid.Source)
		}
		return presented
	})
	got := r.Run(t.Context(), exectest.Document{Query: `{ maybeBooks(first: 3) { a: author(fault: ERROR) { id } editor { id } } }`})
	wantErrors(t, got[0],
		`["maybeBooks",0,"a"] presented`, `["maybeBooks",2,"a"] presented`, `["maybeBooks",2,"editor"] resolver`)
	want := []string{"Book.author maybeBooks[0].a", "Book.author maybeBooks[2].a", "Book.editor maybeBooks[2].editor"}
	if !slices.Equal(seen, want) {
		t.Errorf("presented at %v, want %v", seen, want)
	}
}

// TestSharedErrors are not changed: the same error value may stand at many places.
func TestSharedErrors(t *testing.T) {
	shared := &gqlerror.Error{Message: "shared", Extensions: map[string]any{"code": "X"}}
	cfg := library.New().Config()
	cfg.Directives.Mine = func(context.Context, any, graphql.Resolver) (any, error) { return nil, shared }
	got := on(t, gen.NewSchema(cfg), `{ books(first: 2) { guarded { id } } }`)
	wantErrors(t, got, `["books",0,"guarded"] shared`, `["books",1,"guarded"] shared`)
	if shared.Path != nil || shared.Locations != nil {
		t.Errorf("the resolver's error has become %+v", shared)
	}
}

// TestDeadline stops between two resolvers: what was there is answered, the rest is errors.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := library.New()
		l.Visit = func(ctx context.Context, field string, _ int) {
			if field == "Book.author" {
				<-ctx.Done()
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r := exectest.NewRunner(gen.NewSchema(l.Config(), exec.Serial()))
		got := r.Run(ctx, exectest.Document{Query: `{ book(id: "b1") { title author { id books { id } } late: author { id } score } }`})
		wantData(t, got[0], `{"book":{"title":"Solaris","author":null,"late":null,"score":null}}`)
		wantErrors(t, got[0],
			`["book","author","books"] context deadline exceeded`,
			`["book","late"] context deadline exceeded`,
			`["book","score"] context deadline exceeded`)
	})
}

// TestCancelled calls nothing more once the client has gone, and gives no response.
func TestCancelled(t *testing.T) {
	l := library.New()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	calls := 0
	l.Visit = func(context.Context, string, int) { calls++; cancel() }
	r := exectest.NewRunner(gen.NewSchema(l.Config(), exec.Serial()))
	got := r.Run(ctx, exectest.Document{Query: siblings})
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
	wantErrors(t, got[0], `["book","b"] context canceled`, `["book","c"] context canceled`, `["book","d"] context canceled`,
		`["book","e"] context canceled`, `["book","f"] context canceled`, `["book","g"] context canceled`)
	if got := r.Run(ctx, exectest.Document{Query: siblings}); got != nil {
		t.Errorf("a response after the client has gone: %v", got)
	}
}

// TestStringsSurvive brings characters back that JSON must escape.
func TestStringsSurvive(t *testing.T) {
	r := exectest.NewRunner(gen.NewSchema(library.New().Config()))
	got := r.Run(t.Context(), exectest.Document{
		Query:     `query($text: String) { anyOf echo(text: $text) }`,
		Variables: map[string]any{"text": "a\u0000\x1f\"\\"},
	})
	var data struct{ Echo string }
	if err := json.Unmarshal(got[0].Data, &data); err != nil || data.Echo != "a\u0000\x1f\"\\" {
		t.Errorf("%s: %v", got[0].Data, err)
	}
}

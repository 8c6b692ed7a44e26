package exec_test

import (
	"io"
	"strconv"
	"testing"

	"workflowfactory/exec"
)

// TestNulls goes through where null may and may not stand, by the specification's rules.
func TestNulls(t *testing.T) {
	for _, c := range []struct {
		story, query, data string
		errors             []string
	}{{
		story: "null element in [T]: it stays",
		query: `{ maybeBooks(first: 3) { id } }`,
		data:  `{"maybeBooks":[{"id":"b1"},null,{"id":"b3"}]}`,
	}, {
		story: "null element in [T!]: the list is null",
		query: `{ strictBooks(first: 4) { id } now }`,
		data:  `{"strictBooks":null,"now":"2026-01-01T09:00:00Z"}`,
		errors: []string{
			`["strictBooks",3] cannot return null for non-null element of field Query.strictBooks (Book!): the list element was nil`,
		},
	}, {
		story: "null element in [T]!: it stays",
		query: `{ nodes(ids: ["b1", "x1"]) { id } }`,
		data:  `{"nodes":[{"id":"b1"},null]}`,
	}, {
		story: "null element in [T!]!: null goes to what holds the list",
		query: `{ nodes(ids: ["b9", "b1"]) { ... on Book { related(first: 5) { __typename } } } }`,
		data:  `{"nodes":[null,{"related":[{"__typename":"Book"},{"__typename":"Magazine"},{"__typename":"Book"},{"__typename":"Chart"},{"__typename":"Chart"}]}]}`,
		errors: []string{
			`["nodes",0,"related",4] cannot return null for non-null element of field Book.related (Item!): the list element was nil`,
		},
	}, {
		story: "T! null in an element of [T!]!: null goes to the root",
		query: `{ books(first: 5) { id editor { id } } }`,
		data:  `null`,
		errors: []string{
			`["books",3,"editor"] cannot return null for non-null field Book.editor (Author!): the resolver returned nil`,
		},
	}, {
		story: "T! failed in an element of [T]: the element is null, and nothing but the failure is told",
		query: `{ maybeBooks(first: 7) { id editor { id } } }`,
		data: `{"maybeBooks":[{"id":"b1","editor":{"id":"a2"}},null,null,{"id":"b4","editor":{"id":"a5"}},null,` +
			`{"id":"b6","editor":{"id":"a1"}},null]}`,
		errors: []string{
			`["maybeBooks",2,"editor"] cannot return null for non-null field Book.editor (Author!): the resolver returned nil`,
			`["maybeBooks",6,"editor"] it failed`,
		},
	}, {
		story: "null list in [T]",
		query: `{ book(id: "b1") { looseEditions { number } } }`,
		data:  `{"book":{"looseEditions":null}}`,
	}, {
		story: "a nil slice where the list may not be null is an empty list",
		query: `{ book(id: "b1") { grid { number } chapters tags } b0: book(id: "b0") { editions { number } } }`,
		data:  `{"book":{"grid":[],"chapters":[[1,2]],"tags":null},"b0":{"editions":[]}}`,
	}, {
		story: "lists in lists: null in the inner [T!]",
		query: `{ book(id: "b2") { grid { number printed } } }`,
		data:  `{"book":{"grid":[null,null,[{"number":0,"printed":"2000-01-01"}],[]]}}`,
		errors: []string{
			`["book","grid",0,1,"printed"] cannot return null for non-null field Edition.printed (Date!): the marshaler returned null for a non-nil value`,
		},
	}, {
		story: "lists in lists in lists: [[[T]!]!]",
		query: `{ book(id: "b11") { cube { number } } }`,
		data:  `{"book":{"cube":[[[{"number":0},{"number":1}],[null,{"number":3}]],[],[[]]]}}`,
	}, {
		story: "scalar null in T!",
		query: `{ book(id: "b2") { editions { number year } } counter: mustBook(found: false) { id } }`,
		data:  `null`,
		errors: []string{
			`["counter"] cannot return null for non-null field Query.mustBook (Book!): the resolver returned nil`,
		},
	}, {
		story: "elements of scalar lists",
		query: `{ book(id: "b3") { remarks genres scores starHistory } b2: book(id: "b2") { starHistory remarks } }`,
		data:  `{"book":{"remarks":["one","two",null],"genres":["NOVEL"],"scores":null,"starHistory":[]},"b2":{"starHistory":[null,null],"remarks":[null,"two"]}}`,
	}} {
		t.Run(c.story, func(t *testing.T) {
			got := query(t, c.query)
			wantData(t, got, c.data)
			wantErrors(t, got, c.errors...)
		})
	}
}

// TestMerging has selections that meet under one response key, and keys in the order of the
// document.
func TestMerging(t *testing.T) {
	for _, c := range []struct{ story, query, data string }{{
		story: "the same field twice",
		query: `{ book(id: "b1") { pages } now book(id: "b1") { title pages } }`,
		data:  `{"book":{"pages":50,"title":"Solaris"},"now":"2026-01-01T09:00:00Z"}`,
	}, {
		story: "fragments keep the place of the first mention",
		query: `{ book(id: "b1") { ...F author { id } ... on Node { id } title } } fragment F on Book { title author { name } }`,
		data:  `{"book":{"title":"Solaris","author":{"name":"Borges","id":"a1"},"id":"b1"}}`,
	}, {
		story: "interfaces that have nothing to do with each other",
		query: `{ book(id: "b1") { ... on Node { ... on Book { publisher { name } } } ... on Priced { ... on Book { publisher { city } } currency } } }`,
		data:  `{"book":{"publisher":{"name":"publisher","city":"city"},"currency":"EUR"}}`,
	}, {
		story: "aliases and type names",
		query: `{ kind: __typename a: book(id: "b1") { __typename t: title } b: book(id: "b2") { t: title } }`,
		data:  `{"kind":"Query","a":{"__typename":"Book","t":"Solaris"},"b":{"t":"Ficciones"}}`,
	}, {
		story: "types of an interface",
		query: `{ items(first: 6) { __typename ... on Book { pages } ... on Magazine { issue } ... on Priced { currency } } }`,
		data: `{"items":[{"__typename":"Book","pages":20,"currency":"EUR"},{"__typename":"Magazine","issue":1,"currency":"EUR"},` +
			`{"__typename":"Book","pages":80,"currency":"EUR"},{"__typename":"Magazine","issue":3,"currency":"EUR"},` +
			`{"__typename":"Book","pages":140,"currency":"EUR"},{"__typename":"Chart"}]}`,
	}, {
		story: "everything skipped",
		query: `{ book(id: "b1") { title @skip(if: true) publisher { city @include(if: false) } } }`,
		data:  `{"book":{"publisher":{}}}`,
	}, {
		story: "skip and include together",
		query: `{ a: now @skip(if: false) @include(if: true) b: now @skip(if: true) @include(if: true) c: now @skip(if: false) @include(if: false) }`,
		data:  `{"a":"2026-01-01T09:00:00Z"}`,
	}} {
		t.Run(c.story, func(t *testing.T) {
			got := query(t, c.query)
			wantData(t, got, c.data)
			wantErrors(t, got)
		})
	}
}

// TestScalars has each way in which a value becomes JSON.
func TestScalars(t *testing.T) {
	got := query(t, `{
		book(id: "b1") { id createdAt published due stars meta facts anything thickness fullTitle genre genres score genreOf inPrint }
		person(n: 2) { ... on Author { mood born } }
		anyOf(value: {a: [1, "x"]})
		node(id: "z1") { ... on Magazine { serial tally } }
		weighed: book(id: "b1") { weight weights }
	}`)
	wantData(t, got, `{"book":{"id":"b1","createdAt":"2026-01-01T01:00:00Z","published":"1981-05-06","due":"2026-01-01T01:00:00Z",`+
		`"stars":1,"meta":{"n": [1, null, "x"]},"facts":{"\u003cb\u003e":null,"pages":50},"anything":[1,"any"],"thickness":null,`+
		`"fullTitle":"Solaris: a <tale> & `+"\u2028"+` more","genre":"ESSAY","genres":["NOVEL","ATLAS"],"score":0.02,"genreOf":"ESSAY","inPrint":false},`+
		`"person":{"mood":null,"born":"1902-02-03"},"anyOf":{"a":[1,"x"]},"node":{"serial":"-1","tally":2147483648},`+
		`"weighed":{"weight":"100.0g","weights":["0.2g","1000000000.0g"]}}`)
	wantErrors(t, got)
}

// shade is an enum of which the schema knows more values than Go.
type shade string

func (s shade) MarshalGQL(w io.Writer) {
	if s == "UNKNOWN" {
		panic("unknown shade")
	}
	io.WriteString(w, strconv.Quote("the "+string(s)))
}

// TestEnum writes what the marshaler of the enum writes, and asks it where it has to.
func TestEnum(t *testing.T) {
	e := exec.NewEnum[shade]("DARK", "UNKNOWN")
	for value, want := range map[shade]string{"DARK": `"the DARK"`, "LIGHT": `"the LIGHT"`} {
		var w exec.Writer
		if !e.Write(&w, value) || string(w.Buffer()) != want {
			t.Errorf("%s became %s, want %s", value, w.Buffer(), want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("the marshaler of an unknown value did not panic")
		}
	}()
	e.Write(new(exec.Writer), "UNKNOWN")
}

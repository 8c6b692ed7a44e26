package transport_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"workflowfactory/transport"
	"workflowfactory/transport/transporttest"
)

// create runs a document through parsing, limits, validation and coercion.
func create(limits transport.Limits, query string, variables map[string]any) gqlerror.List {
	params := &graphql.RawParams{Query: query, Variables: variables}
	if strings.HasPrefix(query, "query Q0") {
		params.OperationName = "Q0"
	}
	_, _, errs := guarded(transport.Config{Limits: limits}).Create(context.Background(), params)
	return errs
}

func TestLimitsOfDocuments(t *testing.T) {
	t.Parallel()
	selfs := func(levels int) string {
		return strings.Repeat(`{self`, levels-1) + `{id` + strings.Repeat(`}`, levels)
	}
	fragments := func(n int) string {
		return `{node{` + numbered(n, "...F%d ") + `}}` + numbered(n, " fragment F%d on Node{id}")
	}
	for name, c := range map[string]struct {
		within, beyond string
		code, says     string
	}{
		"bytes":  {`{hello}` + strings.Repeat(" ", 32<<10-7), `{hello}` + strings.Repeat(" ", 32<<10-6), transport.CodeTooComplex, "32768"},
		"tokens": {`{echo(json:[` + strings.Repeat("1 ", 1490) + `])}`, `{echo(json:[` + strings.Repeat("1 ", 1495) + `])}`, transport.CodeTooComplex, "1500"},
		"names":  {`query ` + strings.Repeat("x", 128) + `{hello}`, `query ` + strings.Repeat("x", 129) + `{hello}`, transport.CodeTooComplex, "128"},
		"depth":  {`{node` + selfs(11) + `}`, `{node` + selfs(12) + `}`, transport.CodeTooComplex, "12"},
		"depth, fragments": {
			`{node{...F}} fragment F on Node` + selfs(11), `{node{...F}} fragment F on Node{self{...G}} fragment G on Node` + selfs(11),
			transport.CodeTooComplex, "12"},
		"inline depth": {`{` + strings.Repeat("...{", 12) + `hello` + strings.Repeat("}", 13), `{` + strings.Repeat("...{", 13) + `hello` + strings.Repeat("}", 14), transport.CodeTooComplex, "12"},
		"aliases":      {`{node{` + numbered(30, "a%d:id ") + `}}`, `{node{` + numbered(31, "a%d:id ") + `}}`, transport.CodeTooComplex, "30"},
		"root fields":  {`{` + numbered(20, "a%d:hello ") + `}`, `{` + numbered(21, "a%d:hello ") + `}`, transport.CodeTooComplex, "20"},
		"root fields, fragments": {
			`{...F ...F} fragment F on Query{` + numbered(20, "a%d:hello ") + `}`, `{b:hello ...F} fragment F on Query{` + numbered(20, "a%d:hello ") + `}`,
			transport.CodeTooComplex, "20"},
		"root mutations": {`mutation{` + numbered(10, "a%d:set(value:1) ") + `}`, `mutation{` + numbered(11, "a%d:set(value:1) ") + `}`, transport.CodeTooComplex, "10"},
		"directives":     {`{node{` + strings.Repeat("id @skip(if:true) ", 20) + `}}`, `{node{` + strings.Repeat("id @skip(if:true) ", 21) + `}}`, transport.CodeTooComplex, "20"},
		"fragments":      {fragments(50), fragments(51), transport.CodeTooComplex, "50"},
		"operations":     {numbered(10, "query Q%d{hello} "), numbered(11, "query Q%d{hello} "), transport.CodeTooComplex, "10"},
		"introspections": {`{` + numbered(3, "a%d:__schema{description} ") + `}`, `{` + numbered(4, "a%d:__schema{description} ") + `}`, transport.CodeTooComplex, "3"},
		"repeats":        {`{node{` + strings.Repeat("id ", 100) + `}}`, `{node{` + strings.Repeat("id ", 101) + `}}`, transport.CodeTooComplex, "5000"},
		"repeats of the schema": {
			`{__schema{types{` + strings.Repeat("name ", 100) + `}}}`, `{__schema{types{` + strings.Repeat("name ", 101) + `}}}`,
			transport.CodeTooComplex, "5000"},
		"visits": {
			doubling(9, `self{...F%d} node:self{...F%d}`), doubling(10, `self{...F%d} node:self{...F%d}`),
			transport.CodeTooComplex, "10000"},
		"list items":      {`{echo(texts:[` + strings.Repeat(`"" `, 100) + `])}`, `{echo(texts:[` + strings.Repeat(`"" `, 101) + `])}`, transport.CodeBadInput, "100"},
		"inner lists":     {`{echo(ids:[[` + strings.Repeat(`"" `, 100) + `]])}`, `{echo(ids:[[` + strings.Repeat(`"" `, 101) + `]])}`, transport.CodeBadInput, "100"},
		"depth of values": {`{echo(json:` + strings.Repeat(`[`, 32) + `1` + strings.Repeat(`]`, 32) + `)}`, `{echo(json:` + strings.Repeat(`[`, 33) + `1` + strings.Repeat(`]`, 33) + `)}`, transport.CodeBadInput, "32"},
		"first":           {`{nodes(first:100){edges{node{id}}}}`, `{nodes(first:101){edges{node{id}}}}`, transport.CodeBadInput, "1 to 100"},
		"first, too low":  {`{nodes(first:1){edges{node{id}}}}`, `{nodes(first:0){edges{node{id}}}}`, transport.CodeBadInput, "1 to 100"},
		"last":            {`{nodes(last:100){edges{node{id}}}}`, `{nodes(last:-1){edges{node{id}}}}`, transport.CodeBadInput, "1 to 100"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if errs := create(transport.Limits{}, c.within, nil); errs != nil {
				t.Errorf("within the limit: %v", errs)
			}
			errs := create(transport.Limits{}, c.beyond, nil)
			if len(errs) != 1 || errs[0].Extensions["code"] != c.code || !strings.Contains(errs[0].Message, c.says) {
				t.Errorf("beyond the limit: %v, want %s with %s", errs, c.code, c.says)
			}
		})
	}
}

func TestLimitsAreSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limits transport.Limits
		query  string
	}{
		"tokens":  {transport.Limits{DocumentTokens: 5}, `{node{id}}`},
		"depth":   {transport.Limits{Depth: 1}, `{node{id}}`},
		"visits":  {transport.Limits{Visits: 2}, `{node{id name}}`},
		"repeats": {transport.Limits{Repeats: 1}, `{hello hello hello}`},
		"cost":    {transport.Limits{Cost: 1}, `{node{self{id}}}`},
		"unpaged": {transport.Limits{Cost: 20, UnpagedSize: 21}, `{items{id}}`},
	} {
		if errs := create(transport.Limits{}, c.query, nil); errs != nil {
			t.Errorf("%s: by default %v", name, errs)
		}
		if errs := create(c.limits, c.query, nil); len(errs) != 1 || errs[0].Extensions["code"] != transport.CodeTooComplex {
			t.Errorf("%s: %v", name, errs)
		}
	}
}

func TestCostIsTheNumberOfObjects(t *testing.T) {
	t.Parallel()
	for query, cost := range map[string]int{
		`{hello}`:                         0,
		`{node{id name}}`:                 1,
		`{node{id} node{name}}`:           1,
		`{node{self{id}} node{self{id}}}`: 2,
		`{a:node{id} b:node{id}}`:         2,
		`{...F ...F node{id}} fragment F on Query{node{id}}`: 1,
		`{items{id}}`:                                                     10,
		`{items{self{id}}}`:                                               20,
		`{node{children{id}}}`:                                            11,
		`{node{children(first:7){id}}}`:                                   8,
		`{node{children(first:null){id}}}`:                                101,
		`query($n:Int){node{children(first:$n){id}}}`:                     11,
		`query($n:Int=3){node{children(first:$n){id}}}`:                   4,
		`query($five:Int){node{children(first:$five){id}}}`:               6,
		`{nodes{edges{node{id}}}}`:                                        10,
		`{nodes(first:50){edges{node{id children(first:10){self{id}}}}}}`: 50 + 500 + 500,
		`{nodes(first:50){edges{cursor:node{id}}} again:nodes(first:2){edges{node{id}}}}`: 52,
		`{nodes(first:5,last:9){edges{node{id}}}}`:                                        9,
		`{nodes(first:5){...{edges{...E}}}} fragment E on NodeEdge{node{id}}`:             5,
		`{__schema{types{name fields{name}}}}`:                                            0,
	} {
		variables := map[string]any{"five": 5}
		if cost > 0 {
			if errs := create(transport.Limits{Cost: cost}, query, variables); errs != nil {
				t.Errorf("%s costs more than %d: %v", query, cost, errs)
			}
		}
		if cost > 1 {
			if errs := create(transport.Limits{Cost: cost - 1}, query, variables); errs == nil {
				t.Errorf("%s costs less than %d", query, cost)
			}
		}
	}
}

func TestArgumentsBoundLists(t *testing.T) {
	t.Parallel()
	many, one := map[string]transport.Bound{"Query.some": {Argument: "ids"}}, map[string]transport.Bound{"Query.some": {Argument: "input.max", Default: 1}}
	for _, c := range []struct {
		bounds    map[string]transport.Bound
		query     string
		variables map[string]any
		cost      int
	}{
		{nil, `{some(ids:["a"]){id}}`, nil, 10},
		{many, `{some{id}}`, nil, 10},
		{many, `{some(ids:[]){id}}`, nil, 1},
		{many, `{some(ids:"a"){id}}`, nil, 10}, // what makes a list of it comes later
		{many, `{some(ids:["a","b"]){id self{id}}}`, nil, 4},
		{many, `query($ids:[ID!]){some(ids:$ids){id}}`, map[string]any{"ids": []any{"a", "b", "c"}}, 3},
		{many, `query($id:ID!){some(ids:[$id,$id]){id}}`, map[string]any{"id": "a"}, 2},
		{many, `query($ids:[ID!]=["a","b"]){some(ids:$ids){id}}`, nil, 2},
		{many, `query($ids:[ID!]){some(ids:$ids){id}}`, map[string]any{"ids": nil}, 10},
		{one, `{some{children(first:5){id}}}`, nil, 6},
		{one, `{some(input:{name:"a"}){id}}`, nil, 1},
		{one, `{some(input:{max:7}){id}}`, nil, 7},
		{one, `{some(input:{max:0}){id}}`, nil, 1},
		{one, `{some(input:{max:-7}){id}}`, nil, 1},
		{one, `query($n:Int){some(input:{max:$n}){id}}`, map[string]any{"n": 8}, 8},
		{one, `query($i:Input){some(input:$i){id}}`, map[string]any{"i": map[string]any{"max": 9}}, 9},
		{one, `query($i:Input){some(input:$i){id}}`, map[string]any{"i": map[string]any{"max": json.Number("9")}}, 9},
	} {
		at := func(cost int) gqlerror.List {
			_, _, errs := guarded(transport.Config{Limits: transport.Limits{Cost: cost}, Bounds: c.bounds}).Create(t.Context(),
				&graphql.RawParams{Query: c.query, Variables: c.variables})
			return errs
		}
		if errs := at(c.cost); errs != nil {
			t.Errorf("%s costs more than %d: %v", c.query, c.cost, errs)
		}
		if errs := at(c.cost - 1); c.cost > 1 && errs == nil {
			t.Errorf("%s costs less than %d", c.query, c.cost)
		}
	}
}

func TestBoundsHaveToBeInTheSchema(t *testing.T) {
	t.Parallel()
	for field, c := range map[string]struct {
		argument string
		ok       bool
	}{
		"Query.some":    {"ids", true},
		"Query.echo":    {"input.many", true},
		"Query.nodes":   {"last", true},
		"Query.nothing": {"ids", false},
		"Nothing.some":  {"ids", false},
		"some":          {"ids", false},
		"Query.items":   {"ids", false},
		"Query.hello":   {"name", false},
		"Query.pick":    {"choice.most", false},
		"Query.node":    {"", false},
	} {
		config := transport.Config{Bounds: map[string]transport.Bound{field: {Argument: c.argument}}}
		if _, err := transport.NewExecutor(transporttest.New().Schema(), config); (err == nil) != c.ok {
			t.Errorf("%s by %s: %v", field, c.argument, err)
		}
	}
}

func TestLimitsOfVariables(t *testing.T) {
	t.Parallel()
	filled := func(n int) []any { return slices.Repeat([]any{"x"}, n) }
	objects := func(n int) []any { return slices.Repeat([]any{map[string]any{}}, n) }
	const query = `query($json:JSON,$texts:[String!],$ids:[[ID!]],$input:Input,$n:Int){echo(json:$json,texts:$texts,ids:$ids,input:$input) nodes(first:$n){edges{node{id}}}}`
	for name, c := range map[string]struct {
		variables map[string]any
		field     string // at fault, "" for none
	}{
		"within":               {map[string]any{"texts": filled(100), "ids": []any{filled(100)}, "n": 100}, ""},
		"a list":               {map[string]any{"texts": filled(101)}, "texts"},
		"a list in a list":     {map[string]any{"ids": []any{filled(101)}}, "ids"},
		"a list in an object":  {map[string]any{"input": map[string]any{"many": objects(101)}}, "many"},
		"an object for a list": {map[string]any{"input": map[string]any{"many": map[string]any{"many": objects(101)}}}, "many"},
		"a custom scalar":      {map[string]any{"json": filled(1000), "input": map[string]any{"json": filled(1000)}}, ""},
		"a page":               {map[string]any{"n": 101}, "first"},
		"no page":              {map[string]any{"n": nil}, ""},
	} {
		errs := create(transport.Limits{}, query, c.variables)
		if c.field == "" && errs != nil || c.field != "" && (len(errs) != 1 || errs[0].Extensions["field"] != c.field || errs[0].Extensions["code"] != transport.CodeBadInput) {
			t.Errorf("%s: %v, want one about %q", name, errs, c.field)
		}
	}
}

func TestOneOfHoldsForVariablesToo(t *testing.T) {
	t.Parallel()
	const query = `query($choice:Choice!,$many:[Choice!]){pick(choice:$choice,many:$many)}`
	good := map[string]any{"text": "x"}
	for name, c := range map[string]struct {
		variables map[string]any
		ok        bool
	}{
		"one":            {map[string]any{"choice": good, "many": []any{good, good}}, true},
		"one for a list": {map[string]any{"choice": good, "many": good}, true},
		"none":           {map[string]any{"choice": map[string]any{}}, false},
		"two":            {map[string]any{"choice": map[string]any{"text": "x", "number": 1}}, false},
		"null":           {map[string]any{"choice": map[string]any{"text": nil}}, false},
		"one and null":   {map[string]any{"choice": map[string]any{"text": "x", "number": nil}}, false},
		"in a list":      {map[string]any{"choice": good, "many": []any{good, map[string]any{}}}, false},
		"for a list":     {map[string]any{"choice": good, "many": map[string]any{}}, false},
	} {
		if errs := create(transport.Limits{}, query, c.variables); (errs == nil) != c.ok {
			t.Errorf("%s: %v", name, errs)
		}
	}
}

func TestErrorsOfAnAnswerAreCut(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) { c.Limits.Errors, c.Limits.ErrorBytes = 3, 20 })
	_, body := w.post(`{"query":"{`+numbered(9, "unknown%d ")+`}"}`, "Accept", responseType)
	if got := strings.Count(body, `"message"`); got != 3 {
		t.Errorf("%d errors: %s", got, body)
	}
	var answer struct {
		Errors     []problem
		Extensions map[string]any
	}
	_, body = w.post(`{"query":"{` + numbered(5, "a%d:fails ") + `}"}`)
	decode(t, body, &answer)
	if len(answer.Errors) != 3 || answer.Extensions["omittedErrors"] != 2.0 {
		t.Errorf("%s", body)
	}
	_, body = w.post(`{"query":"{` + strings.Repeat("é", 60) + `}"}`)
	decode(t, body, &answer)
	if got := answer.Errors[0].Message; len(got) > 20 || got == "" {
		t.Errorf("a message of %d bytes: %s", len(got), got)
	}
}

func TestSuggestionsCanBeLeftOut(t *testing.T) {
	t.Parallel()
	const query = `{"query":"{helo hello(nam:1) node{name(case:\"UPER\")} ...on Nod{id} node}"}`
	for without, want := range map[bool]int{false: 4, true: 0} {
		w := serve(t, func(c *transport.Config) { c.NoSuggestions = without; c.Limits.Errors = 20 })
		_, body := w.post(query)
		if got := strings.Count(body, "Did you mean"); got != want {
			t.Errorf("NoSuggestions %t: %d suggestions in %s", without, got, body)
		}
	}
}

func TestRefusedDocumentsAreNotKept(t *testing.T) {
	t.Parallel()
	exec := guarded(transport.Config{})
	create := func(query string) (*graphql.OperationContext, gqlerror.List) {
		_, op, errs := exec.Create(t.Context(), &graphql.RawParams{Query: query})
		return op, errs
	}
	for range 2 {
		if _, errs := create("{unknown}"); len(errs) != 1 {
			t.Fatalf("errors %v", errs)
		}
		op, errs := create("{hello}")
		if errs != nil || op.Doc == nil {
			t.Fatalf("errors %v", errs)
		}
	}
	one, _ := create("{hello}")
	two, _ := create("{hello}")
	if one.Doc != two.Doc {
		t.Error("a document that has passed is parsed again")
	}
}

// TestCostIsThatOfTheVariablesGiven asks with the same document again, whose cost is remembered only where no variable
// decides about it.
func TestCostIsThatOfTheVariablesGiven(t *testing.T) {
	t.Parallel()
	exec := guarded(transport.Config{Limits: transport.Limits{Cost: 50}, Bounds: map[string]transport.Bound{"Query.some": {Argument: "input.max"}}})
	for _, c := range []struct {
		query     string
		variables map[string]any
		ok        bool
	}{
		{`query($n:Int){nodes(first:$n){edges{node{id}}}}`, map[string]any{"n": 5}, true},
		{`query($n:Int){nodes(first:$n){edges{node{id}}}}`, map[string]any{"n": 51}, false},
		{`query($n:Int){nodes(first:$n){edges{node{id}}}}`, map[string]any{"n": 6}, true},
		{`query($n:Int){some(input:{max:$n}){id}}`, map[string]any{"n": 5}, true},
		{`query($n:Int){some(input:{max:$n}){id}}`, map[string]any{"n": 51}, false},
		{`query($i:Input){some(input:$i){id}}`, map[string]any{"i": map[string]any{"max": 5}}, true},
		{`query($i:Input){some(input:$i){id}}`, map[string]any{"i": map[string]any{"max": 51}}, false},
		{`{nodes(first:50){edges{node{id}}}}`, nil, true},
		{`{nodes(first:50){edges{node{id}}}}`, nil, true},
		{`{nodes(first:51){edges{node{id}}}}`, nil, false},
		{`{nodes(first:51){edges{node{id}}}}`, nil, false},
	} {
		_, _, errs := exec.Create(t.Context(), &graphql.RawParams{Query: c.query, Variables: c.variables})
		if (errs == nil) != c.ok {
			t.Errorf("%s with %v: %v", c.query, c.variables, errs)
		}
	}
}

func TestVariablesAreCoercedAsEver(t *testing.T) {
	t.Parallel()
	exec := guarded(transport.Config{})
	for _, c := range []struct {
		query string
		given map[string]any
		want  map[string]any // nil for an error
	}{
		{`query($a:String $b:ID!){hello(name:$a) some(ids:[$b]){id}}`, map[string]any{"a": "x", "b": "y"}, map[string]any{"a": "x", "b": "y"}},
		{`query($a:String){hello(name:$a)}`, map[string]any{"a": "x", "more": "y"}, map[string]any{"a": "x"}},
		{`query($a:String){hello(name:$a)}`, map[string]any{"a": nil}, map[string]any{"a": nil}},
		{`query($a:String="d"){hello(name:$a)}`, nil, map[string]any{"a": "d"}},
		{`query($a:String!){hello(name:$a)}`, map[string]any{"a": nil}, nil},
		{`query($a:String!){hello(name:$a)}`, map[string]any{"b": "x"}, nil},
		{`query($a:String){hello(name:$a)}`, map[string]any{"a": true}, nil},
		{`query($a:Int){nodes(first:$a){edges{node{id}}}}`, map[string]any{"a": json.Number("1")}, map[string]any{"a": int64(1)}},
	} {
		_, op, errs := exec.Create(t.Context(), &graphql.RawParams{Query: c.query, Variables: c.given})
		if (errs == nil) != (c.want != nil) || errs == nil && !maps.Equal(op.Variables, c.want) {
			t.Errorf("%s with %v: %v, %v", c.query, c.given, op.Variables, errs)
		}
	}
}

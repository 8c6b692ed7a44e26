package transport_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql/errcode"

	"workflowfactory/transport"
)

// hostile is a collection of requests that cost an unprotected server seconds or megabytes. Some are over a limit, and
// some stay just within all of them and are merely as bad as that allows.
func hostile() map[string]string {
	return map[string]string{
		"one field without end":            `{` + strings.Repeat("hello ", 20_000) + `}`,
		"one field, as often as fits":      `{` + strings.Repeat("a ", 16_000) + `}`,
		"a bomb of 24 fragments":           doubling(23, `...F%d ...F%d`),
		"500 conflicts":                    `{` + numbered(500, `node{id:name(case:%d)} `) + `}`,
		"one field, within the tokens":     `{` + strings.Repeat("hello ", 1490) + `}`,
		"one field, within the pairs":      `{node{` + strings.Repeat("id ", 100) + `}}`,
		"conflicts":                        `{` + numbered(250, `hello(name:"%d") `) + `}`,
		"conflicts, within the pairs":      `{node{` + numbered(20, `name(case:%d) `) + `}}`,
		"objects side by side":             `{` + strings.Repeat(`node{self{self{id}}} `, 19) + `}`,
		"objects side by side, deeper":     `{node{` + strings.Repeat(`self{`+strings.Repeat(`self{id} `, 5)+`} `, 20) + `}}`,
		"fragments that double":            doubling(49, `...F%d ...F%d`),
		"fragments that double in fields":  doubling(49, `a:self{...F%d} b:self{...F%d}`),
		"fragments that double, unaliased": doubling(49, `self{...F%d} node:self{...F%d}`),
		"fragments that spread all others": dense(35, "{node{...F0}}"),
		"ten operations over all of those": dense(30, numbered(10, "query Q%d{node{...F0}} ")),
		"one field of the schema":          `{__schema{types{` + strings.Repeat("name ", 1480) + `}}}`,
		"one field of a type":              `{__type(name:"Node"){` + strings.Repeat("name ", 90) + `}}`,
		"a fragment in itself":             `{node{...F}} fragment F on Node{self{...F}}`,
		"two fragments in each other":      `{node{...F}} fragment F on Node{...G} fragment G on Node{...F}`,
		"a fragment in itself, at once":    `{node{...F}} fragment F on Node{...F ...F ...F}`,
		"a long chain of fragments":        chain(50, 12),
		"ten operations over a chain":      strings.Replace(chain(45, 14), "{node{...F0}}", numbered(10, "query Q%d{node{...F0}} "), 1),
		"a fragment in many places":        `{node{` + numbered(29, "a%d:self{...F} ") + `}} fragment F on Node{` + strings.Repeat("id name ", 60) + `}`,
		"fields too deep":                  `{node` + strings.Repeat(`{self`, 450) + `{id}` + strings.Repeat(`}`, 450) + `}`,
		"inline fragments too deep":        `{` + strings.Repeat(`...{`, 480) + `hello` + strings.Repeat(`}`, 480) + `}`,
		"inline fragments, many":           `{` + strings.Repeat(`...{hello} `, 99) + `}`,
		"unknown fields":                   `{` + numbered(1490, "unknown%d ") + `}`,
		"unknown fields, long names":       `{` + numbered(19, "unknown"+strings.Repeat("x", 110)+"%d ") + `}`,
		"unknown fields of one object":     `{node{` + numbered(1400, "nam%d ") + `}}`,
		"names too long":                   `{` + strings.Repeat("x", 30_000) + `}`,
		"unknown arguments":                `{hello(` + numbered(300, "nam%d:1 ") + `)}`,
		"unknown fragments":                `{` + numbered(490, "...F%d ") + `}`,
		"unknown types":                    `{` + numbered(240, "...on Nod%d{id} ") + `}`,
		"unused fragments":                 `{hello} ` + numbered(50, "fragment F%d on Node{id name self{id}} "),
		"unused variables":                 `query(` + numbered(290, "$v%d:Int ") + `){hello}`,
		"variables":                        `query(` + numbered(200, "$v%d:String ") + `){echo(texts:[` + numbered(200, "$v%d ") + `])}`,
		"undefined variables":              `{echo(texts:[` + numbered(700, "$v%d ") + `])}`,
		"directives":                       `{hello` + strings.Repeat(` @skip(if:false)`, 200) + `}`,
		"10,000 directives":                `{hello` + strings.Repeat(` @a`, 10_000) + `}`,
		"1,000 aliases":                    `{` + numbered(1000, `a%d:hello `) + `}`,
		"200 levels":                       `{node` + strings.Repeat(`{self`, 199) + `{id}` + strings.Repeat(`}`, 199) + `}`,
		"unknown directives":               `{hello` + numbered(700, ` @d%d`) + `}`,
		"aliases":                          `{` + numbered(300, `a%d:hello `) + `}`,
		"operations":                       numbered(200, `query Q%d{hello} `),
		"operations of one name":           strings.Repeat(`query Q{hello} `, 10),
		"a list too long":                  `{echo(texts:[` + strings.Repeat(`"" `, 1450) + `])}`,
		"lists too deep":                   `{echo(json:` + strings.Repeat(`[`, 700) + strings.Repeat(`]`, 700) + `)}`,
		"lists beyond the parser's depth":  `{echo(json:` + strings.Repeat(`[`, 1400),
		"objects too deep":                 `{echo(input:` + strings.Repeat(`{many:`, 240) + `[]` + strings.Repeat(`}`, 240) + `)}`,
		"input fields, unknown":            `{echo(input:{` + numbered(480, `nam%d:1 `) + `})}`,
		"input fields, repeated":           `{echo(input:{` + strings.Repeat(`name:"" `, 480) + `})}`,
		"a string without end":             `{hello(name:"` + strings.Repeat(`\u0041`, 5000) + `")}`,
		"comments":                         `{hello}` + strings.Repeat("#\n", 16_000),
		"commas":                           `{hello}` + strings.Repeat(",", 32_000),
		"pages in pages":                   `{node` + strings.Repeat(`{children(first:100)`, 10) + `{id}` + strings.Repeat(`}`, 10) + `}`,
		"lists in lists":                   `{items` + strings.Repeat(`{children`, 9) + `{id}` + strings.Repeat(`}`, 9) + `}`,
		"the schema, often":                `{` + numbered(20, `a%d:__schema{types{name}} `) + `}`,
		"the schema, within itself":        `{__schema{types` + strings.Repeat(`{fields{type`, 100) + `{name}` + strings.Repeat(`}}`, 100) + `}}`,
		"nothing closed":                   strings.Repeat(`{a`, 700),
		"numbers":                          `{echo(json:[` + strings.Repeat(`9`, 20_000) + `])}`,
		"a number out of range":            `{echo(json:[1e400000])}`,
		"NUL":                              `{hello(name:"\u0000")}`,
		"a surrogate":                      `{hello(name:"\ud800")}`,
	}
}

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// doubling makes n fragments, each with two ways to the next.
func doubling(n int, body string) string {
	var b strings.Builder
	b.WriteString(`{node{...F0}}`)
	for i := range n {
		fmt.Fprintf(&b, ` fragment F%d on Node{`+body+`}`, i, i+1, i+1)
	}
	fmt.Fprintf(&b, ` fragment F%d on Node{id}`, n)
	return b.String()
}

// chain makes n fragments with so many fields, each leading to the next.
func chain(n, fields int) string {
	var b strings.Builder
	b.WriteString(`{node{...F0}}`)
	for i := range n - 1 {
		fmt.Fprintf(&b, ` fragment F%d on Node{%s...F%d}`, i, strings.Repeat("id name ", fields/2), i+1)
	}
	fmt.Fprintf(&b, ` fragment F%d on Node{id}`, n-1)
	return b.String()
}

// dense makes n fragments, each of which spreads all that follow it.
func dense(n int, operations string) string {
	var b strings.Builder
	b.WriteString(operations)
	for i := range n {
		fmt.Fprintf(&b, ` fragment F%d on Node{id`, i)
		for j := i + 1; j < n; j++ {
			fmt.Fprintf(&b, ` ...F%d`, j)
		}
		b.WriteString(`}`)
	}
	return b.String()
}

func TestHostileRequestsAreAnsweredBrieflyWithTheirCode(t *testing.T) {
	t.Parallel()
	w := serve(t)
	for name, body := range hostileBodies(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, answer := w.post(body, "Accept", responseType)
			if len(answer) > 10_000 {
				t.Errorf("an answer of %d bytes", len(answer))
			}
			var is struct{ Errors []problem }
			if err := json.Unmarshal([]byte(answer), &is); err != nil {
				t.Fatalf("%v: %.200s", err, answer)
			}
			code := ""
			for _, e := range is.Errors {
				code, _ = e.Extensions["code"].(string)
			}
			if want := codes[name]; code != want {
				t.Errorf("code %q, want %q: %.200s", code, want, answer)
			}
		})
	}
	t.Run("others meanwhile", func(t *testing.T) {
		t.Parallel()
		for range 200 {
			if _, answer := w.post(hello); answer != `{"data":{"hello":"hello"}}` {
				t.Fatal(answer)
			}
		}
	})
}

// hostileBodies are the hostile documents, and what is hostile beside the document.
func hostileBodies(t testing.TB) map[string]string {
	t.Helper()
	bodies := map[string]string{
		"variables of a megabyte":     `{"query":"query($json:JSON){echo(json:$json)}","variables":{"json":"` + strings.Repeat("x", 1<<20) + `"}}`,
		"variables in small pieces":   `{"query":"{hello}","variables":{"json":[` + strings.Repeat("1,", 100_000) + `1]}}`,
		"many variables":              `{"query":"{hello}","variables":{` + numbered(15_000, `"v%d":1,`) + `"w":1}}`,
		"one long variable":           `{"query":"query($s:String){hello(name:$s)}","variables":{"s":"` + strings.Repeat("x", 100_000) + `"}}`,
		"JSON too deep":               `{"query":"{hello}","variables":` + strings.Repeat(`{"a":`, 40_000) + `1` + strings.Repeat(`}`, 40_000) + `}`,
		"JSON too deep, not closed":   `{"query":"{hello}","variables":` + strings.Repeat(`[`, 250_000),
		"a variable with NUL":         `{"query":"query($s:String){hello(name:$s)}","variables":{"s":"\u0000"}}`,
		"a variable with half a pair": `{"query":"query($s:String){hello(name:$s)}","variables":{"s":"\udc00"}}`,
		"a variable out of range":     `{"query":"query($json:JSON){echo(json:$json)}","variables":{"json":1e400000}}`,
		"a variable of many digits":   `{"query":"query($json:JSON){echo(json:$json)}","variables":{"json":` + strings.Repeat("9", 200_000) + `}}`,
		"bytes that are no text":      `{"query":"{hello(name:\"` + "\xff\xfe" + `\")}"}`,
	}
	for name, query := range hostile() {
		body, err := json.Marshal(map[string]string{"query": query})
		if err != nil {
			t.Fatal(err)
		}
		bodies[name] = string(body)
	}
	return bodies
}

// codes are how hostile requests are refused. What is not listed stays within the limits, and is answered.
var codes = map[string]string{
	"JSON too deep":                    transport.CodeBadInput,
	"JSON too deep, not closed":        transport.CodeBadInput,
	"NUL":                              transport.CodeBadInput,
	"a list too long":                  transport.CodeBadInput,
	"a number out of range":            transport.CodeBadInput,
	"a surrogate":                      transport.CodeBadInput,
	"a variable of many digits":        transport.CodeBadInput,
	"a variable out of range":          transport.CodeBadInput,
	"a variable with NUL":              transport.CodeBadInput,
	"a variable with half a pair":      transport.CodeBadInput,
	"bytes that are no text":           transport.CodeBadInput,
	"lists too deep":                   transport.CodeBadInput,
	"numbers":                          transport.CodeBadInput,
	"objects too deep":                 transport.CodeBadInput,
	"one field without end":            transport.CodeBadInput,
	"one long variable":                transport.CodeBadInput,
	"many variables":                   transport.CodeBadInput,
	"variables in small pieces":        transport.CodeBadInput,
	"variables of a megabyte":          transport.CodeBadInput,
	"lists beyond the parser's depth":  errcode.ParseFailed,
	"nothing closed":                   errcode.ParseFailed,
	"a fragment in itself, at once":    errcode.ValidationFailed,
	"conflicts, within the pairs":      errcode.ValidationFailed,
	"input fields, repeated":           errcode.ValidationFailed,
	"input fields, unknown":            errcode.ValidationFailed,
	"operations of one name":           errcode.ValidationFailed,
	"the schema, within itself":        errcode.ValidationFailed,
	"two fragments in each other":      errcode.ValidationFailed,
	"undefined variables":              errcode.ValidationFailed,
	"unknown arguments":                errcode.ValidationFailed,
	"unknown fields of one object":     errcode.ValidationFailed,
	"unknown fields, long names":       errcode.ValidationFailed,
	"unknown fragments":                errcode.ValidationFailed,
	"unused fragments":                 errcode.ValidationFailed,
	"unused variables":                 errcode.ValidationFailed,
	"variables":                        errcode.ValidationFailed,
	"1,000 aliases":                    transport.CodeTooComplex,
	"10,000 directives":                transport.CodeTooComplex,
	"200 levels":                       transport.CodeTooComplex,
	"500 conflicts":                    transport.CodeTooComplex,
	"a fragment in itself":             transport.CodeTooComplex,
	"a fragment in many places":        transport.CodeTooComplex,
	"a long chain of fragments":        transport.CodeTooComplex,
	"aliases":                          transport.CodeTooComplex,
	"comments":                         transport.CodeTooComplex,
	"conflicts":                        transport.CodeTooComplex,
	"directives":                       transport.CodeTooComplex,
	"fields too deep":                  transport.CodeTooComplex,
	"fragments that double in fields":  transport.CodeTooComplex,
	"fragments that double, unaliased": transport.CodeTooComplex,
	"fragments that spread all others": transport.CodeTooComplex,
	"inline fragments too deep":        transport.CodeTooComplex,
	"inline fragments, many":           transport.CodeTooComplex,
	"lists in lists":                   transport.CodeTooComplex,
	"names too long":                   transport.CodeTooComplex,
	"objects side by side, deeper":     transport.CodeTooComplex,
	"one field of the schema":          transport.CodeTooComplex,
	"one field, as often as fits":      transport.CodeTooComplex,
	"one field, within the tokens":     transport.CodeTooComplex,
	"operations":                       transport.CodeTooComplex,
	"pages in pages":                   transport.CodeTooComplex,
	"ten operations over a chain":      transport.CodeTooComplex,
	"ten operations over all of those": transport.CodeTooComplex,
	"the schema, often":                transport.CodeTooComplex,
	"unknown directives":               transport.CodeTooComplex,
	"unknown fields":                   transport.CodeTooComplex,
	"unknown types":                    transport.CodeTooComplex,
}

package db

import (
	"strings"

	"github.com/jackc/pgx/v5"

	"workflowfactory/model"
)

// What a filter may grow to. Beyond, it is BAD_USER_INPUT.
const (
	maxFilterDepth      = 5
	maxFilterConditions = 100
	maxFilterList       = 100
)

// where gathers what the rows of one statement must satisfy, and the statement's arguments. Conditions are put
// together of constants; every value that a caller sent is an argument. The first error stays.
type where struct {
	args       []any  // as pgx takes them; nil while there are none
	few        [6]any // where they begin
	terms      []string
	conditions int
	depth      int
	err        error
}

// What pgx wants to know stands before the arguments: how a statement is run, and that row reads binary.
var kept, described, inBinary any = pgx.QueryExecModeCacheStatement, pgx.QueryExecModeDescribeExec, pgx.QueryResultFormats{pgx.BinaryFormatCode}

const optionCount = 2

// arg adds an argument and gives its place, such as $3.
func (w *where) arg(v any) string {
	if w.args == nil {
		w.args = append(w.few[:0], kept, inBinary)
	}
	w.args = append(w.args, v)
	return placeholder(len(w.args) - optionCount)
}

// plainStatements is up to how many conditions a statement is prepared once and kept. The shapes of larger filters are
// too many to keep.
const plainStatements = 8

// given are the arguments as pgx takes them. They may be in use by several statements, so they are left as they are.
func (w *where) given() []any {
	switch {
	case w.conditions > plainStatements:
		return append([]any{described, inBinary}, w.args[min(optionCount, len(w.args)):]...)
	case w.args == nil:
		return []any{kept, inBinary}
	}
	return w.args
}

// must adds a condition.
func (w *where) must(condition string) { w.terms = append(w.terms, condition) }

// sql gives all conditions as one.
func (w *where) sql() string { return all(w.terms...) }

// all gives the condition that every term holds: "true" for no term. Empty terms are left out.
func all(terms ...string) string {
	if len(terms) == 1 && terms[0] != "" {
		return terms[0]
	}
	var kept []string
	for _, t := range terms {
		if t != "" && t != "true" {
			kept = append(kept, t)
		}
	}
	if len(kept) == 0 {
		return "true"
	}
	return strings.Join(kept, " AND ")
}

// either gives the condition that some term holds: "false" for no term.
func either(terms ...string) string {
	if len(terms) == 0 {
		return "false"
	}
	return "((" + strings.Join(terms, ") OR (") + "))"
}

func (w *where) refuse(format string, args ...any) {
	if w.err == nil {
		w.err = model.BadInput("filter", format, args...)
	}
}

// count notes one more condition, or one more filter that may hold some.
func (w *where) count() {
	if w.conditions++; w.conditions > maxFilterConditions {
		w.refuse("a filter holds at most %d conditions; ask for less at once", maxFilterConditions)
	}
}

// condition gives a condition about one value. The value takes the place of the ? in the text.
func (w *where) condition(text string, v any) string {
	w.count()
	return strings.Replace(text, "?", w.arg(v), 1)
}

// nested gives the condition for what a filter says of other filters; of gives the condition of one of those. An empty
// and is all of none, so it holds; an empty or is any of none, so it does not. A comparison with a missing value does
// not hold, and its not does.
func nested[F any](w *where, and, or []*F, not *F, of func(*where, *F) string) string {
	w.count()
	w.depth++
	defer func() { w.depth-- }()
	if w.depth > maxFilterDepth {
		w.refuse("a filter is nested at most %d deep", maxFilterDepth)
	}
	if w.err != nil {
		return "false"
	}
	terms := conditionsOfEach(w, and, of)
	if or != nil {
		terms = append(terms, either(conditionsOfEach(w, or, of)...))
	}
	if not != nil {
		terms = append(terms, "("+of(w, not)+") IS NOT TRUE")
	}
	return all(terms...)
}

func conditionsOfEach[F any](w *where, filters []*F, of func(*where, *F) string) []string {
	terms := make([]string, len(filters))
	for i, f := range filters {
		terms[i] = of(w, f)
	}
	return terms
}

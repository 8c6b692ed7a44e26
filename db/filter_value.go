package db

import (
	"strings"
	"time"

	"workflowfactory/model"
)

// The comparisons that filters are made of. Each takes the SQL of what is compared, a constant of ours, and gives ""
// where nothing is asked.

// oneOf gives the comparison with one of several values. With a single one it is an equality, so that an index can
// give the rows in the order that stands behind the column.
func oneOf[E any](w *where, values []E, one, all func([]E) any) string {
	switch {
	case len(values) > maxFilterList:
		w.refuse("a filter compares with at most %d values; ask for less at once", maxFilterList)
		return " IS NULL"
	case len(values) == 1:
		return w.condition(" = ?", one(values))
	}
	return w.condition(" = ANY(?)", all(values))
}

// storable refuses the one character that PostgreSQL's text cannot hold.
func (w *where) storable(texts ...string) {
	for _, s := range texts {
		if strings.ContainsRune(s, 0) {
			w.refuse("a text holds a NUL character")
		}
	}
}

// textCondition gives a condition about a text.
func (w *where) textCondition(text string, v *string) string {
	if v == nil {
		return ""
	}
	w.storable(*v)
	return w.condition(text, *v)
}

// text compares a text. It uses functions rather than LIKE, so that every character means itself.
func (w *where) text(column string, f *model.StringFilter) string {
	if f == nil {
		return ""
	}
	return all(w.textCondition(column+" IS DISTINCT FROM ?", f.Neq), w.textMatches(column, f))
}

// textMatches gives all of f but neq.
func (w *where) textMatches(column string, f *model.StringFilter) string {
	var in string
	if f.In != nil {
		w.storable(f.In...)
		in = column + oneOf(w, f.In, func(t []string) any { return t[0] }, func(t []string) any { return t })
	}
	return all(in,
		w.textCondition(column+" = ?", f.Eq),
		w.textCondition("strpos("+column+", ?) > 0", f.Contains),
		w.textCondition("strpos(lower("+column+" COLLATE caseless), lower(? COLLATE caseless)) > 0", f.ContainsIgnoreCase),
		w.textCondition("starts_with("+column+", ?)", f.StartsWith))
}

// anyText asks whether some text of an array matches, and with neq that none is equal. The index on an array serves
// plain equality alone.
func (w *where) anyText(column string, f *model.StringFilter) string {
	if f == nil {
		return ""
	}
	none := w.textCondition("NOT "+column+" @> ARRAY[?::text]", f.Neq)
	inPart := f.Contains != nil || f.ContainsIgnoreCase != nil || f.StartsWith != nil
	switch {
	case f.Eq == nil && f.In == nil && !inPart:
		return none
	case f.In == nil && !inPart:
		return all(none, w.textCondition(column+" @> ARRAY[?::text]", f.Eq))
	}
	return all(none, "EXISTS (SELECT FROM unnest("+column+") AS e (text) WHERE "+w.textMatches("e.text", f)+")")
}

// id compares an id.
func (w *where) id(column string, f *model.IDFilter) string {
	return w.idIs(f, func(is string) string { return column + is })
}

// anyID asks whether some id of an array matches.
func (w *where) anyID(column string, f *model.IDFilter) string {
	if f == nil {
		return ""
	}
	var eq, in string
	if f.Eq != nil {
		eq = w.condition(column+" @> ARRAY[?::uuid]", uuid(*f.Eq))
	}
	if f.In != nil {
		in = "EXISTS (SELECT FROM unnest(" + column + ") AS e (id) WHERE e.id" + w.amongIDs(f.In) + ")"
	}
	return all(eq, in)
}

// idIs compares an id in as many places as of puts the comparison.
func (w *where) idIs(f *model.IDFilter, of func(is string) string) string {
	if f == nil {
		return ""
	}
	var eq, in string
	if f.Eq != nil {
		eq = of(w.condition(" = ?", uuid(*f.Eq)))
	}
	if f.In != nil {
		in = of(w.amongIDs(f.In))
	}
	return all(eq, in)
}

func (w *where) amongIDs(ids []model.ID) string {
	return oneOf(w, ids, func(ids []model.ID) any { return uuid(ids[0]) }, func(ids []model.ID) any { return uuids(ids) })
}

// choice compares with values of an enum, which stand in the database as as gives them.
func choice[E, V any](w *where, column string, eq, neq *E, in, nin []E, as func(E) V) string {
	var terms []string
	if eq != nil {
		terms = append(terms, w.condition(column+" = ?", as(*eq)))
	}
	if neq != nil {
		terms = append(terms, w.condition(column+" <> ?", as(*neq)))
	}
	if in != nil {
		terms = append(terms, column+oneOf(w, in, func(e []E) any { return as(e[0]) }, func(e []E) any { return allAs(e, as) }))
	}
	if nin != nil {
		terms = append(terms, "NOT "+column+oneOf(w, nin, func(e []E) any { return as(e[0]) }, func(e []E) any { return allAs(e, as) }))
	}
	return all(terms...)
}

func allAs[E, V any](list []E, as func(E) V) []V {
	values := make([]V, len(list))
	for i, e := range list {
		values[i] = as(e)
	}
	return values
}

func asText[S ~string](s S) string { return string(s) }

func (w *where) priority(column string, f *model.PriorityFilter) string {
	if f == nil {
		return ""
	}
	return choice(w, column, f.Eq, f.Neq, f.In, f.Nin, func(p model.Priority) int16 { return int16(p) })
}

// measure compares a number.
func measure[N int | float64](w *where, column, kind string, eq, gt, gte, lt, lte *N) string {
	var terms []string
	for _, c := range [...]struct {
		op string
		v  *N
	}{{"=", eq}, {">", gt}, {">=", gte}, {"<", lt}, {"<=", lte}} {
		if c.v != nil {
			terms = append(terms, w.condition(column+" "+c.op+" ?::"+kind, *c.v))
		}
	}
	return all(terms...)
}

func (w *where) int(column string, f *model.IntFilter) string {
	if f == nil {
		return ""
	}
	return measure(w, column, "bigint", f.Eq, f.Gt, f.Gte, f.Lt, f.Lte)
}

func (w *where) float(column string, f *model.FloatFilter) string {
	if f == nil {
		return ""
	}
	return measure(w, column, "double precision", f.Eq, f.Gt, f.Gte, f.Lt, f.Lte)
}

// moment compares a moment as it is shown, which is cut to milliseconds, so that what was shown can be asked for.
func (w *where) moment(column string, f *model.DateTimeFilter) string {
	if f == nil {
		return ""
	}
	from := func(t *time.Time, at func(time.Time) time.Time) string { return w.bound(column+" >= ?", t, at) }
	until := func(t *time.Time, at func(time.Time) time.Time) string { return w.bound(column+" < ?", t, at) }
	return all(from(f.Eq, thisMilli), until(f.Eq, nextMilli), from(f.Gt, nextMilli), from(f.Gte, thisMilli),
		until(f.Lt, thisMilli), until(f.Lte, nextMilli))
}

func (w *where) bound(text string, t *time.Time, at func(time.Time) time.Time) string {
	if t == nil {
		return ""
	}
	return w.condition(text, at(*t))
}

// thisMilli is the first moment that is shown as t or later.
func thisMilli(t time.Time) time.Time {
	if cut := t.Truncate(time.Millisecond); cut.Before(t) {
		return cut.Add(time.Millisecond)
	}
	return t
}

// nextMilli is the first moment that is shown as later than t.
func nextMilli(t time.Time) time.Time { return t.Truncate(time.Millisecond).Add(time.Millisecond) }

// has asks whether a subselect about x finds something, or, for false, nothing.
func (w *where) has(wanted *bool, rows string) string {
	if wanted == nil {
		return ""
	}
	w.count()
	if !*wanted {
		return "NOT EXISTS (" + rows + ")"
	}
	return "EXISTS (" + rows + ")"
}

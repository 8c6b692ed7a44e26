package db

import (
	"context"
	"encoding/base64"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"workflowfactory/db/dbtest"
	"workflowfactory/model"
)

// mark begins every text that the filters of these tests hold, and no text of ours does.
const mark = "Ωmark"

// scribbler fills filters out of bytes.
type scribbler struct {
	*rand.Rand
	text string
}

// fill gives v and all in it values, none deeper than depth.
func (s *scribbler) fill(v reflect.Value, depth int) {
	switch {
	case v.Kind() == reflect.Pointer:
		if depth > 0 && s.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			s.fill(v.Elem(), depth-1)
		}
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(s.Int64N(1e10), s.Int64N(1e9)).UTC()))
	case v.Type() == reflect.TypeFor[model.ID]():
		v.Set(reflect.ValueOf(model.NewID(model.KindTask)))
	case v.Kind() == reflect.Slice:
		for range s.IntN(3) {
			e := reflect.New(v.Type().Elem()).Elem()
			if e.Kind() == reflect.Pointer {
				e.Set(reflect.New(e.Type().Elem()))
				s.fill(e.Elem(), depth-1)
			} else {
				s.fill(e, depth-1)
			}
			v.Set(reflect.Append(v, e))
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if s.IntN(4) == 0 {
				s.fill(v.Field(i), depth)
			}
		}
	case v.Kind() == reflect.String:
		v.SetString(mark + s.text) // enums too: what the API let through must not matter here
	case v.Kind() == reflect.Bool:
		v.SetBool(s.IntN(2) == 0)
	case v.CanInt():
		v.SetInt(s.Int64N(5))
	case v.CanFloat():
		v.SetFloat(s.Float64())
	}
}

func scribble[F any](s *scribbler) *F {
	f := new(F)
	s.fill(reflect.ValueOf(f).Elem(), 6)
	return f
}

// questions gives a page and a count of each noun, with filters filled by s.
func questions(s *scribbler, d *DB) map[string]*where {
	all := map[string]*where{}
	ask(all, d, &workflowTable, s, (*where).workflow)
	ask(all, d, &taskTable, s, (*where).task)
	ask(all, d, &agentTable, s, (*where).agent)
	ask(all, d, &suggestionTable, s, (*where).suggestion)
	return all
}

func ask[T, F any](into map[string]*where, d *DB, t *table[T], s *scribbler, condition func(*where, *F) string) {
	w := &where{}
	w.must(condition(w, scribble[F](s)))
	if w.err != nil {
		return
	}
	l := &list[T]{DB: d, table: t, where: w, sort: t.sorting(created, newestFirst), via: []string{"x.id = p.id"}, parents: []model.ID{{}}}
	row := new(T)
	at, err := l.sort.place("after", new(l.sort.cursor(model.ID{1}, row)))
	if err != nil {
		panic(err)
	}
	read := t.reading(context.Background(), 0)
	sql, _ := l.text(span{limit: 1 + s.IntN(100), after: at, before: at, backward: s.IntN(2) == 0}, read.sql, read.again)
	into[sql] = w
}

// FuzzFilterText shows that no text which a caller sent ever stands in a statement, and that each statement has as
// many places as arguments.
func FuzzFilterText(f *testing.F) {
	f.Add(uint64(1), "'; DROP TABLE tasks; --")
	f.Add(uint64(2), `$1 %_\`)
	f.Fuzz(func(t *testing.T, seed uint64, text string) {
		s := &scribbler{Rand: rand.New(rand.NewPCG(seed, 0)), text: text}
		for sql, w := range questions(s, nil) {
			if strings.Contains(sql, mark) {
				t.Fatalf("a caller's text stands in\n%s", sql)
			}
			n := max(len(w.args)-optionCount, 0)
			if !strings.Contains(sql, placeholder(n)) || strings.Contains(sql, placeholder(n+1)) {
				t.Fatalf("%d arguments for\n%s", n, sql)
			}
			for _, r := range sql {
				if r >= 0x80 || r == ';' || r == '\\' || r == '?' {
					t.Fatalf("%q in\n%s", r, sql)
				}
			}
		}
	})
}

// TestFiltersAreValidSQL runs statements of every shape.
func TestFiltersAreValidSQL(t *testing.T) {
	t.Parallel()
	d, err := Open(t.Context(), dbtest.URL(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	s := &scribbler{Rand: rand.New(rand.NewPCG(seed, 0)), text: `'"\%_$1`}
	shapes := map[string]bool{}
	for range 150 {
		for sql, w := range questions(s, d) {
			shapes[sql] = true
			if err := d.query(t.Context(), sql, w, func(*row) {}); err != nil {
				t.Fatalf("%v in\n%s", err, sql)
			}
		}
	}
	if len(shapes) < 200 {
		t.Errorf("there were only %d statements", len(shapes))
	}
	// The control: a text that stands in a statement as it is breaks it.
	w := &where{}
	w.must("x.name = " + s.text)
	if d.query(t.Context(), "SELECT FROM tasks AS x WHERE "+w.sql(), w, func(*row) {}) == nil {
		t.Error("a statement with a caller's text in it was let through")
	}
}

// FuzzCursor shows that no text makes anything but a place or BAD_USER_INPUT, and that what a row gave is read back.
func FuzzCursor(f *testing.F) {
	task := &model.Task{Name: "x", DueAt: new(time.Now())}
	for field := range taskTable.orders {
		f.Add(new(sortingOf(field)).cursor(model.NewID(model.KindTask), task))
	}
	f.Add("")
	f.Add("====")
	f.Fuzz(func(t *testing.T, cursor string) {
		for field := range taskTable.orders {
			s := sortingOf(field)
			at, err := s.place("after", &cursor)
			if err != nil {
				if e, ok := err.(*model.Error); !ok || e.Code != model.BadUserInput || e.Field != "after" {
					t.Fatalf("%q: %v", cursor, err)
				}
				continue
			}
			if at.value == nil {
				t.Fatalf("%q is a place without a value", cursor)
			}
		}
	})
}

func sortingOf(field string) sorting[model.Task] { return taskTable.sorting(field, newestFirst) }

// forge makes a cursor with a right checksum and whatever value.
func forge(s sorting[model.Task], value string) string {
	s.put = func(b []byte, _ *model.Task) []byte { return append(b, value...) }
	return s.cursor(model.NewID(model.KindTask), nil)
}

// TestForgedCursorsAreRefused tries values that PostgreSQL would choke on.
func TestForgedCursorsAreRefused(t *testing.T) {
	t.Parallel()
	for field, values := range map[string][]string{
		"NAME":       {"\x00", "a\x00b", "\xff"},
		"PRIORITY":   {"", "\x00", "\x00\x00\x00"},
		"CREATED_AT": {"", "\x80\x00\x00\x00\x00\x00\x00\x00", "\x7f\x00\x00\x00\x00\x00\x00\x00"},
		"DUE_AT":     {"\x00\x00\x00"},
	} {
		for _, v := range values {
			s := sortingOf(field)
			if at, err := s.place("before", new(forge(s, v))); err == nil {
				t.Errorf("%s: %q is taken for %v", field, v, at.value)
			}
		}
	}
	s := sortingOf("NAME")
	if _, err := s.place("before", new(forge(s, "right"))); err != nil {
		t.Errorf("the control: %v", err)
	}
}

// TestCursorIsGoodForItsOrderAlone tries each cursor in every order.
func TestCursorIsGoodForItsOrderAlone(t *testing.T) {
	t.Parallel()
	task := &model.Task{Noun: model.NewNoun(model.KindTask, time.Now()), Name: "x"}
	var all []sorting[model.Task]
	for field := range taskTable.orders {
		for _, direction := range model.AllOrderDirection {
			all = append(all, taskTable.sorting(field, direction))
		}
	}
	for i, made := range all {
		cursor := made.cursor(task.ID, task)
		for j, used := range all {
			if _, err := used.place("after", &cursor); (err == nil) != (i == j) {
				t.Errorf("a cursor of %s in %s: %v", made.name, used.name, err)
			}
		}
		raw, err := base64.RawURLEncoding.DecodeString(cursor)
		if err != nil {
			t.Fatal(err)
		}
		for bit := range len(raw) * 8 {
			raw[bit/8] ^= 1 << (bit % 8)
			if _, err := made.place("after", new(base64.RawURLEncoding.EncodeToString(raw))); err == nil {
				t.Errorf("%s: a cursor with bit %d turned is let through", made.name, bit)
			}
			raw[bit/8] ^= 1 << (bit % 8)
		}
	}
	other := workflowTable.sorting(created, newestFirst)
	if _, err := other.place("after", new(new(sortingOf(created)).cursor(task.ID, task))); err == nil {
		t.Error("a cursor of tasks is let through for workflows")
	}
}

// TestFilterBounds holds filters to their size.
func TestFilterBounds(t *testing.T) {
	t.Parallel()
	deep := func(n int) *model.TaskFilter {
		f := &model.TaskFilter{IsOverdue: new(true)}
		for range n - 1 {
			f = &model.TaskFilter{Not: f}
		}
		return f
	}
	wide := func(n int) *model.TaskFilter {
		f := &model.TaskFilter{}
		for range n {
			f.Or = append(f.Or, &model.TaskFilter{IsOverdue: new(true)})
		}
		return f
	}
	long := func(n int) *model.TaskFilter {
		return &model.TaskFilter{Name: &model.StringFilter{In: make([]string, n)}}
	}
	for name, c := range map[string]struct {
		filter *model.TaskFilter
		ok     bool
	}{
		"nothing":             {nil, true},
		"5 deep":              {deep(5), true},
		"6 deep":              {deep(6), false},
		"100,000 deep":        {deep(100_000), false},
		"99 conditions":       {wide(49), true},
		"101 conditions":      {wide(50), false},
		"10^6 empty filters":  {&model.TaskFilter{And: manyEmpty(1_000_000)}, false},
		"100 values":          {long(100), true},
		"101 values":          {long(101), false},
		"a NUL":               {&model.TaskFilter{Name: &model.StringFilter{Contains: new("\x00")}}, false},
		"a NUL among others":  {&model.TaskFilter{Name: &model.StringFilter{In: []string{"a", "\x00"}}}, false},
		"a NUL in a not":      {&model.TaskFilter{Not: &model.TaskFilter{Capability: &model.StringFilter{Neq: new("\x00")}}}, false},
		"text that is no SQL": {&model.TaskFilter{Name: &model.StringFilter{Eq: new("'")}}, true},
	} {
		w := &where{}
		w.task(c.filter)
		e, _ := w.err.(*model.Error)
		if c.ok != (w.err == nil) || !c.ok && (e == nil || e.Code != model.BadUserInput || e.Field != "filter") {
			t.Errorf("%s: %v", name, w.err)
		}
	}
}

func manyEmpty(n int) []*model.TaskFilter {
	all := make([]*model.TaskFilter, n)
	for i := range all {
		all[i] = &model.TaskFilter{}
	}
	return all
}

// TestPageBounds holds pages to their size.
func TestPageBounds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		page  model.Page
		size  int
		field string // at fault
	}{
		"by default":       {model.Page{}, 50, ""},
		"first 1":          {model.Page{First: new(1)}, 1, ""},
		"last 100":         {model.Page{Last: new(100)}, 100, ""},
		"first 0":          {model.Page{First: new(0)}, 0, "first"},
		"first 101":        {model.Page{First: new(101)}, 0, "first"},
		"first -1":         {model.Page{First: new(-1)}, 0, "first"},
		"last 101":         {model.Page{Last: new(101)}, 0, "last"},
		"first and last":   {model.Page{First: new(1), Last: new(1)}, 0, "last"},
		"a strange after":  {model.Page{After: new("x")}, 0, "after"},
		"a strange before": {model.Page{Before: new("")}, 0, "before"},
	} {
		s := sortingOf(created)
		got, err := newSpan(c.page, &s)
		var field string
		if e, ok := err.(*model.Error); ok {
			field = e.Field
		}
		if field != c.field || err == nil && got.limit != c.size {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

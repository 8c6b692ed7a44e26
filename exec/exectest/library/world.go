// Package library is a schema with every shape that package exec must handle, and resolvers over
// data in memory that fail in every way they can. Tests and benchmarks run it on gqlgen's executor
// and on package exec.
package library

//go:generate go run ../../codegen -config gqlgen.yml

import (
	"time"

	"workflowfactory/exec/exectest/library/model"
)

// The numbers of things there are. All data follows from a thing's number alone, so that every
// World holds the same.
const (
	authors   = 6
	members   = 5
	books     = 12
	magazines = 4
	charts    = 3
)

// world is all data.
type world struct {
	authors   []*model.Author
	members   []*model.Member
	books     []*model.Book
	magazines []*model.Magazine
	charts    []*model.Chart
}

func newWorld() *world {
	w := &world{}
	for n := range authors {
		w.authors = append(w.authors, newAuthor(n))
	}
	for n := range members {
		w.members = append(w.members, newMember(n))
	}
	for n := range magazines {
		w.magazines = append(w.magazines, newMagazine(n))
	}
	for n := range charts {
		w.charts = append(w.charts, newChart(n))
	}
	for n := range books {
		w.books = append(w.books, w.newBook(n))
	}
	return w
}

func newBase(kind byte, n int) model.Base {
	base := model.Base{ID: model.NewID(kind, n)}
	if n%3 != 0 {
		base.CreatedAt = new(instant(n))
	}
	return base
}

func instant(n int) model.DateTime {
	return model.DateTime(time.Date(2026, 1, 1, n, 0, 0, 0, time.UTC))
}

// some gives a pointer to v for two numbers of three.
func some[T any](n int, v T) *T {
	if n%3 == 2 {
		return nil
	}
	return &v
}

func newAuthor(n int) *model.Author {
	return &model.Author{
		Base:     newBase('a', n),
		Name:     []string{"Ada", "Borges", "Čapek", "Döblin", "Eco \"U.\"", "Ферлинг"}[n],
		Nickname: some(n, "nick\n"),
		Born:     some(n+1, time.Date(1900+n, 2, 3, 0, 0, 0, 0, time.UTC)),
		Mood:     some(n, model.Mood("GLAD")),
	}
}

func newMember(n int) *model.Member {
	return &model.Member{
		Base:     newBase('m', n),
		Name:     "member " + string(rune('a'+n)),
		Nickname: some(n+2, "nick"),
		Card:     newCard(n),
		Debt:     some(n, float64(n)*1e6),
	}
}

// newCard gives a card whose details are missing for one number of five: to read it panics.
func newCard(n int) *model.Card {
	if n%5 == 4 {
		return &model.Card{}
	}
	return &model.Card{Details: &model.Details{Number: n, Pin: some(n, "1234")}}
}

func newMagazine(n int) *model.Magazine {
	return &model.Magazine{
		ID: model.NewID('z', n), Title: "magazine", Issue: n, Serial: -n, Tally: some(n, uint32(1)<<31),
		Price: some(n, 4.5), Currency: "EUR",
	}
}

func newChart(n int) *model.Chart {
	return &model.Chart{ID: model.NewID('c', n), Area: "area", Scale: 1 / float64(n+3)}
}

func newPublisher(n int) model.Publisher {
	p := model.Publisher{Name: "publisher"}
	if n%7 != 6 {
		p.Place = &model.Place{
			City:    some(n, "city"),
			Address: model.Address{Street: "street", Town: some(n+1, "town")},
		}
	}
	return p
}

func newEdition(book, n int) *model.Edition {
	e := &model.Edition{Number: n, Year: some(n, 1990+n), BookN: book}
	if (book+n)%4 != 3 {
		e.Printed = time.Date(2000+n, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return e
}

func editionsOf(book, n int) []*model.Edition {
	var all []*model.Edition
	for i := range n {
		all = append(all, newEdition(book, i))
	}
	return all
}

func (w *world) newBook(n int) *model.Book {
	b := &model.Book{
		Base:      newBase('b', n),
		Title:     []string{"Ulysses", "Solaris", "Ficciones"}[n%3],
		Subtitle:  some(n, "a <tale> & \u2028 more"),
		Pages:     30*n + 20,
		Price:     some(n, float64(n)+0.25),
		Currency:  "EUR",
		InPrint:   n%2 == 0,
		Genre:     []model.Genre{model.GenreNovel, model.GenreEssay, model.GenrePoetry, model.GenreAtlas}[n%4],
		Publisher: newPublisher(n),
		Owner:     w.person(n),
		Subject:   w.item(n + 1),
		Secret:    some(n, "secret"),
		Hidden:    "hidden",
		Weight:    some(n, float64(n)*100),
		Weights:   []float64{0.25, 1e9}[:n%3%2+1],
	}
	w.lists(b, n)
	w.maybes(b, n)
	return b
}

func (w *world) lists(b *model.Book, n int) {
	b.Genres = []model.Genre{model.GenreNovel, model.GenreAtlas}[:n%3%2+1]
	b.Remarks = []*string{some(n, "one"), some(n+1, "two"), some(n+2, "three")}[:n%4]
	b.Chapters = [][]int{{1, 2}, {}, nil, {n}}[:n%5]
	b.StarHistory = []*model.Stars{some(n, model.Stars(3)), nil}[:n%3]
	b.Editions = editionsOf(n, n%3)
	b.Owners = []model.Person{w.person(n), nil, w.person(n + 2)}[:n%4]
	if n%3 != 1 {
		b.Tags = []string{"red", "", "ünïcode \x01"}[:n%4]
		b.LooseEditions = []*model.Edition{newEdition(n, 1), nil}
		b.Grid = [][]*model.Edition{editionsOf(n, 2), nil, editionsOf(n, 1), {}}
		b.Cube = [][][]*model.Edition{{editionsOf(n, 2), {nil, newEdition(n, 3)}}, nil, {{}}}[:n%4]
	}
	for i := range n % 3 {
		b.Prints = append(b.Prints, model.Print{Run: i, Price: some(n, 1.5), Currency: "USD", BookN: n})
	}
}

func (w *world) maybes(b *model.Book, n int) {
	if n%4 != 0 {
		b.Due = new(instant(n))
		b.Stars = new(model.Stars(n % 7)) // more than five cannot be written
		b.Imprint = new(newPublisher(n + 1))
		b.Meta = model.JSON(`{"n": [1, null, "x"]}`)
		b.Facts = map[string]any{"pages": b.Pages, "<b>": nil}
		b.Anything = []any{n, "any"}
		b.Published = time.Date(1980+n, 5, 6, 0, 0, 0, 0, time.UTC)
		b.GuardedCover = new(newPublisher(n))
		b.Card = newCard(n)
	}
}

// person gives one of all people, or none.
func (w *world) person(n int) model.Person {
	switch n % 5 {
	case 4:
		return nil
	case 1, 3:
		return w.members[n%members]
	default:
		return w.authors[n%authors]
	}
}

// sure gives a person in any case.
func (w *world) sure(n int) model.Person {
	if p := w.person(n); p != nil {
		return p
	}
	return w.authors[0]
}

// item gives one of all items, or none. Magazines come by value and by pointer.
func (w *world) item(n int) model.Item {
	switch n % 7 {
	case 6:
		return nil
	case 1:
		return *w.magazines[n%magazines]
	case 3:
		return w.magazines[n%magazines]
	case 5:
		return w.charts[n%charts]
	}
	if n%books >= len(w.books) { // while the books are being made
		return w.charts[0]
	}
	return w.books[n%books]
}

func (w *world) sureItem(n int) model.Item {
	if item := w.item(n); item != nil {
		return item
	}
	return w.charts[1]
}

func (w *world) book(n int) *model.Book { return w.books[(n%books+books)%books] }

func (w *world) author(n int) *model.Author { return w.authors[(n%authors+authors)%authors] }

func review(book, n int) *model.Review {
	return &model.Review{
		ID: model.NewID('r', 10*book+n), Text: "text", Stars: model.Stars(n%5 + 1), BookN: book, ByN: book + n,
	}
}

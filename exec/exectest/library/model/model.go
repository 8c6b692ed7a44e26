package model

import "time"

// Node is anything with an id.
type Node interface{ IsNode() }

// Person is an author or a member.
type Person interface {
	Node
	IsPerson()
}

// Priced is anything that can be bought.
type Priced interface{ IsPriced() }

// Bound and Inked are what books are, too.
type (
	Bound interface{ IsBound() }
	Inked interface{ IsInked() }
)

// Item is what stands on a shelf.
type Item interface{ IsItem() }

// Base is what authors, members and books have in common.
type Base struct {
	ID        ID
	CreatedAt *DateTime
}

// Author writes books.
type Author struct {
	Base
	Name     string
	Nickname *string
	Born     *time.Time
	Mood     *Mood
}

// Member borrows books.
type Member struct {
	Base
	Name     string
	Nickname *string
	Card     *Card
	Debt     *float64
}

// Card has its details in an embedded struct, which may be missing.
type Card struct{ *Details }

// Details are those of a card.
type Details struct {
	Number int
	Pin    *string
}

// Book has a field of every Go shape.
type Book struct {
	Base
	Title         string
	Subtitle      *string
	Pages         int
	Price         *float64
	Currency      string
	InPrint       bool
	Genre         Genre
	Genres        []Genre
	Tags          []string
	Remarks       []*string
	Chapters      [][]int
	Published     time.Time
	Due           *DateTime
	Stars         *Stars
	StarHistory   []*Stars
	Meta          JSON
	Facts         map[string]any
	Anything      any
	Weight        *float64
	Weights       []float64
	Publisher     Publisher
	Imprint       *Publisher
	Editions      []*Edition
	Prints        []Print
	LooseEditions []*Edition
	Grid          [][]*Edition
	Cube          [][][]*Edition
	Owner         Person
	Owners        []Person
	Subject       Item
	Secret        *string
	Hidden        string
	GuardedCover  *Publisher
	Card          *Card
}

// Thickness is unknown for thin books.
func (b *Book) Thickness() *float64 {
	if b.Pages < 100 {
		return nil
	}
	return new(float64(b.Pages) / 100)
}

// FullTitle is the title with the subtitle.
func (b *Book) FullTitle() string {
	if b.Subtitle == nil {
		return b.Title
	}
	return b.Title + ": " + *b.Subtitle
}

// Spine panics for books that are too thin to have one.
func (b *Book) Spine() string {
	if b.Pages < 50 {
		panic("no spine")
	}
	return b.Title[:2]
}

// Publisher has its place in an embedded struct, which may be missing.
type Publisher struct {
	Name string
	*Place
}

// Place is where a publisher is.
type Place struct {
	City    *string
	Address Address
}

// Address is a struct held by value.
type Address struct {
	Street string
	Town   *string
}

// Lines is a list from a method.
func (a Address) Lines() []string { return []string{a.Street, "—"} }

// Edition is held by pointer in lists.
type Edition struct {
	Number  int
	Year    *int
	Printed time.Time
	BookN   int
}

// Print is held by value in lists.
type Print struct {
	Run      int
	Price    *float64
	Currency string
	BookN    int
}

// Magazine is in its interfaces both by value and by pointer.
type Magazine struct {
	ID       ID
	Title    string
	Issue    int
	Serial   int
	Tally    *uint32
	Price    *float64
	Currency string
}

// Chart is a map that is not called so.
type Chart struct {
	ID    ID
	Area  string
	Scale float64
}

// Review is what somebody says of a book.
type Review struct {
	ID    ID
	Text  string
	Stars Stars
	BookN int
	ByN   int
}

// ReviewConnection is a page of reviews.
type ReviewConnection struct {
	Edges    []*ReviewEdge
	PageInfo PageInfo
	BookN    int
}

// ReviewEdge is one review of a page.
type ReviewEdge struct {
	Cursor ID
	Node   *Review
}

// PageInfo tells whether there is more.
type PageInfo struct {
	HasNextPage bool
	EndCursor   *ID
}

// Shelf has a label and items.
type Shelf struct {
	Label string
	N     int
}

// Loan is a book that somebody has.
type Loan struct {
	Book     *Book
	Borrower Person
	Due      DateTime
}

// Counter is what mutations change.
type Counter struct{ Value int }

// BookPayload is what a change of a book gives.
type BookPayload struct {
	Book    *Book
	Changed []string
}

func (*Author) IsNode()    {}
func (*Author) IsPerson()  {}
func (*Member) IsNode()    {}
func (*Member) IsPerson()  {}
func (*Book) IsNode()      {}
func (*Book) IsPriced()    {}
func (*Book) IsItem()      {}
func (*Book) IsBound()     {}
func (*Book) IsInked()     {}
func (*Print) IsPriced()   {}
func (Magazine) IsNode()   {}
func (Magazine) IsPriced() {}
func (Magazine) IsItem()   {}
func (*Chart) IsNode()     {}
func (*Chart) IsItem()     {}
func (*Review) IsNode()    {}

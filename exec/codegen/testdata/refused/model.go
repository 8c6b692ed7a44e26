// Package refused has models that package exec cannot execute.
package refused

import "context"

// Shape is an interface.
type Shape interface{ IsShape() }

// Colour is an enum whose values are bound one by one.
type Colour int

// Red is its value.
const Red Colour = 1

// Blob is a scalar that nobody can write.
type Blob struct{}

// Pages is a list with a name.
type Pages []*Thing

// Query and Subscription stand for the roots.
type (
	Query        struct{}
	Subscription struct{}
)

// Thing has a field for each refusal.
type Thing struct {
	ID       string
	Fine     string
	Colour   *Colour
	Blob     *Blob
	Mapped   map[string]any
	Pages    Pages
	Pointers **Thing
	Shape    Shape
}

// IsShape makes it a Shape.
func (*Thing) IsShape() {}

// FineMethod is fine.
func (*Thing) FineMethod() string { return "" }

// WithContext takes a context.
func (*Thing) WithContext(context.Context) string { return "" }

// WithArgument takes an argument.
func (*Thing) WithArgument(n *int) string { return "" }

// WithError can fail.
func (*Thing) WithError() (string, error) { return "", nil }

// WithOK may have nothing.
func (*Thing) WithOK() (string, bool) { return "", false }

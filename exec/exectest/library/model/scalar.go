// Package model holds the library's nouns: models of every shape that gqlgen can bind to a schema.
package model

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// ID names a thing: a letter for its kind in the first byte, its number in the last.
type ID [16]byte

// NewID makes an id.
func NewID(kind byte, n int) (id ID) {
	id[0], id[15] = kind, byte(n)
	return id
}

// Number is the id without its kind.
func (id ID) Number() int { return int(id[15]) }

// AppendGQL appends the id as JSON.
func (id ID) AppendGQL(b []byte) []byte {
	b = append(b, '"', id[0])
	return append(strconv.AppendInt(b, int64(id[15]), 10), '"')
}

// MarshalGQL writes the id as JSON.
func (id ID) MarshalGQL(w io.Writer) { w.Write(id.AppendGQL(nil)) }

// UnmarshalGQL reads an id.
func (id *ID) UnmarshalGQL(v any) error {
	s, _ := v.(string)
	if len(s) < 2 {
		return fmt.Errorf("%v is no id", v)
	}
	n, err := strconv.ParseUint(s[1:], 10, 8)
	if err != nil {
		return fmt.Errorf("%v is no id", v)
	}
	*id = NewID(s[0], int(n))
	return nil
}

// DateTime is an instant.
type DateTime time.Time

// MarshalGQL writes the instant, or null for the zero time.
func (t DateTime) MarshalGQL(w io.Writer) {
	if time.Time(t).IsZero() {
		io.WriteString(w, "null")
		return
	}
	io.WriteString(w, strconv.Quote(time.Time(t).UTC().Format(time.RFC3339)))
}

// UnmarshalGQL reads an instant.
func (t *DateTime) UnmarshalGQL(v any) error {
	s, _ := v.(string)
	at, err := time.Parse(time.RFC3339, s)
	*t = DateTime(at)
	return err
}

// JSON is a document that is not looked into.
type JSON []byte

// MarshalGQL writes the document.
func (j JSON) MarshalGQL(w io.Writer) { w.Write(j) }

// UnmarshalGQL takes any value.
func (j *JSON) UnmarshalGQL(v any) (err error) {
	*j, err = json.Marshal(v)
	return err
}

// Stars is a rating from one to five.
type Stars int

var errTooManyStars = errors.New("more than five stars")

// MarshalGQLContext writes the rating, or fails if it is none.
func (s Stars) MarshalGQLContext(_ context.Context, w io.Writer) error {
	if s > 5 {
		return errTooManyStars
	}
	graphql.MarshalInt(int(s)).MarshalGQL(w)
	return nil
}

// UnmarshalGQLContext reads a rating.
func (s *Stars) UnmarshalGQLContext(_ context.Context, v any) error {
	n, err := graphql.UnmarshalInt(v)
	*s = Stars(n)
	if err == nil && n > 5 {
		return fmt.Errorf("%d is no rating", n)
	}
	return err
}

// MarshalGrams makes a weight of a plain number: a scalar without a type of its own.
func MarshalGrams(g float64) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { w.Write(AppendGrams(nil, g)) })
}

// AppendGrams appends what MarshalGrams writes.
func AppendGrams(b []byte, g float64) []byte {
	return append(strconv.AppendFloat(append(b, '"'), g, 'f', 1, 64), "g\""...)
}

// UnmarshalGrams reads a weight.
func UnmarshalGrams(v any) (float64, error) { return graphql.UnmarshalFloat(v) }

// Genre is an enum that marshals itself.
type Genre string

// The genres.
const (
	GenreNovel  Genre = "NOVEL"
	GenreEssay  Genre = "ESSAY"
	GenrePoetry Genre = "POETRY"
	GenreAtlas  Genre = "ATLAS"
)

// MarshalGQL writes the genre.
func (g Genre) MarshalGQL(w io.Writer) { io.WriteString(w, strconv.Quote(string(g))) }

// UnmarshalGQL reads a genre.
func (g *Genre) UnmarshalGQL(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("%v is no genre", v)
	}
	*g = Genre(s)
	return nil
}

// Mood is an enum that is a string and nothing else.
type Mood string

package db

import (
	"strconv"

	"github.com/jackc/pgx/v5/pgtype"

	"workflowfactory/model"
)

// placeholder gives the place of the n-th argument.
func placeholder(n int) string {
	if n < len(places) {
		return places[n]
	}
	return "$" + strconv.Itoa(n)
}

var places = [...]string{"$0", "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9"}

// uuid is an id as an argument; the zero ID is a uuid that nothing has.
type uuid model.ID

// UUIDValue gives the value to pgx.
func (u uuid) UUIDValue() (pgtype.UUID, error) { return pgtype.UUID{Bytes: u, Valid: true}, nil }

// uuids are ids as one array argument.
type uuids []model.ID

// Dimensions tells pgx how many there are.
func (u uuids) Dimensions() []pgtype.ArrayDimension {
	return []pgtype.ArrayDimension{{Length: int32(len(u)), LowerBound: 1}}
}

// Index gives one; by pointer, so that nothing is copied to the heap.
func (u uuids) Index(i int) any { return (*uuid)(&u[i]) }

// IndexType tells pgx how one looks.
func (u uuids) IndexType() any { return (*uuid)(nil) }

// isOneOf compares with one of the ids. A single one is compared with itself: for a list of unknown length PostgreSQL
// would plan anew each time.
func isOneOf(w *where, ids uuids) string {
	if len(ids) == 1 {
		return " = " + w.arg(uuid(ids[0]))
	}
	return " = ANY(" + w.arg(ids) + ")"
}

func keysOf[V any](m map[model.ID]V) uuids {
	ids := make(uuids, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	return ids
}

// family gives ids as rows: p.id and, from 1, p.n.
func (w *where) family(ids []model.ID) string {
	return "unnest(" + w.arg(uuids(ids)) + "::uuid[]) WITH ORDINALITY AS p (id, n)"
}

func pointers[T any](values []T) []*T {
	list := make([]*T, len(values))
	for i := range values {
		list[i] = &values[i]
	}
	return list
}

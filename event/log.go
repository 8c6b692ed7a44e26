// Package event is the ordered feed of what happened. The database holds the log; a Feed in each process helps to give
// committed events their positions, reads each event once, and hands it to every subscriber that wants it.
//
// A subscriber pulls: from the ring in memory, or from the database while it is behind the ring. The same loop serves
// the past and the present, so there is no hand-over between them to lose or repeat an event, and no queue that grows
// when somebody is slow.
package event

import (
	"context"

	"workflowfactory/model"
)

// Log is the feed's view of the database.
type Log interface {
	// SequenceAndRead gives every event that was committed before the call its position, and then what Read gives without a
	// filter. Any process may call it at any time.
	SequenceAndRead(ctx context.Context, r model.LogRange) ([]*model.Entry, model.LogState, error)

	// Read gives the entries of a range that the filter takes, and the state of the log in the same snapshot.
	Read(ctx context.Context, r model.LogRange, f model.EntryFilter) ([]*model.Entry, model.LogState, error)

	// Find gives the position of the event with that seq, 0 while it has none.
	Find(ctx context.Context, seq int64) (position int64, err error)

	// Listen passes on what the processes tell each other until ctx ends or it cannot. Meanwhile this process may come
	// to lead the sequencing; a value from asks asks the leader to sequence. heard does not block.
	Listen(ctx context.Context, asks <-chan struct{}, heard func(model.LogNews)) error

	// Life names one epoch of this log among those of all logs, also copies of it that went their own way.
	Life(ctx context.Context, epoch int32) (string, error)
}

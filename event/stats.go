package event

import "sync/atomic"

// Stats tells how a feed does.
type Stats struct {
	Epoch       int32
	Head        int64 // the last position that this process has read
	Lag         int64 // how many positions more it has heard of
	Floor       int64 // the position before the first one that is kept
	Leading     bool  // whether it leads the sequencing
	Following   bool  // whether the relay brings it what is new
	Subscribers int
	RingEntries int64
	RingBytes   int64
	Sequenced   int64 // runs of the sequencer, ever
	Batches     int64 // reads that gave new entries, ever
	Tailed      int64 // new entries that they gave, ever
	FromRing    int64 // entries given from memory, ever
	FromPages   int64 // entries given from the database, ever
	Pages       int64 // pages read from the database, ever
	Relayed     int64 // entries that the relay brought, ever
	Expired     int64 // subscriptions ended with CURSOR_EXPIRED, ever
}

type counts struct {
	runs, batches, tailed, fromRing, fromPages, pages, relayed, expired atomic.Int64
	subscribers                                                         int // the feed's mutex protects it
}

// Stats gives the present figures.
func (f *Feed) Stats() Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return Stats{
		Epoch: f.state.Epoch(), Head: f.ring.high.Load(), Lag: max(f.told-f.ring.high.Load(), 0), Floor: f.state.Floor,
		Leading: f.leading.Load(), Following: f.following.Load(), Subscribers: f.counts.subscribers,
		RingEntries: f.ring.len(), RingBytes: f.ring.bytes,
		Sequenced: f.counts.runs.Load(), Batches: f.counts.batches.Load(), Tailed: f.counts.tailed.Load(),
		FromRing: f.counts.fromRing.Load(), FromPages: f.counts.fromPages.Load(),
		Pages: f.counts.pages.Load(), Relayed: f.counts.relayed.Load(), Expired: f.counts.expired.Load(),
	}
}

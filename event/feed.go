package event

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"workflowfactory/model"
)

// ErrStopped ends the subscriptions of a feed whose Run has returned.
var ErrStopped = errors.New("the event feed has stopped")

// Options bound what a Feed keeps and asks for. A zero field takes the default given.
type Options struct {
	RingEntries int           // how many of the newest entries are kept in memory; 65,536
	RingBytes   int64         // and how many bytes of them; 64 MiB
	PageEntries int           // how many entries one read for a subscriber behind the ring gives; 200
	PageReaders int           // how many such reads run at once; 4
	Relay       Relay         // brings what the leader has read; nil to read all from the database
	RelayGrace  time.Duration // how long an event that the database has told of may be under way by it before it is read there; 100 ms
	Logger      *slog.Logger  // slog.DiscardHandler
}

// Feed reads the log once for all subscribers of a process. Make it with New; it does nothing before Run.
type Feed struct {
	log     Log
	options Options

	kicks   chan struct{} // this process has committed events
	asked   chan struct{} // another has, and asks the leader
	help    chan struct{} // sequence now, whoever leads
	asks    chan struct{} // ask the leader
	hints   chan struct{} // the log has grown
	pages   chan struct{} // holds a value for each who reads what is not new
	flights singleflight.Group
	leaving chan Batch // read by the leader, and to be published
	arrived chan Batch // published by the leader
	placed  chan Batch // sequenced and read by this process

	ready     chan struct{} // closed when the feed knows where the log ends
	stopped   chan struct{} // closed when Run returns
	running   atomic.Bool
	leading   atomic.Bool
	following atomic.Bool // the relay brings what is new
	counts    counts
	epochNow  atomic.Int32 // of state

	mu      sync.Mutex // protects what follows
	state   model.LogState
	told    int64 // the highest head heard of
	placing bool  // this process sequences, and then has what is new
	ring    *ring
	watch   watchers
	moved   chan struct{} // closed and made anew when the ring changes
	turned  chan struct{} // closed and made anew when a new epoch begins
}

// New makes a feed of the log.
func New(log Log, o Options) *Feed {
	o.RingEntries = cmp.Or(o.RingEntries, 1<<16)
	o.RingBytes = cmp.Or(o.RingBytes, 64<<20)
	o.PageEntries = cmp.Or(o.PageEntries, 200)
	o.PageReaders = cmp.Or(o.PageReaders, 4)
	o.RelayGrace = cmp.Or(o.RelayGrace, 100*time.Millisecond)
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	return &Feed{
		log:     log,
		options: o,
		kicks:   make(chan struct{}, 1),
		asked:   make(chan struct{}, 1),
		help:    make(chan struct{}, 1),
		asks:    make(chan struct{}, 1),
		hints:   make(chan struct{}, 1),
		pages:   make(chan struct{}, o.PageReaders),
		leaving: make(chan Batch, relayed),
		arrived: make(chan Batch, relayed),
		placed:  make(chan Batch, 1),
		ready:   make(chan struct{}),
		stopped: make(chan struct{}),
		ring:    newRing(o.RingEntries, o.RingBytes),
		watch:   newWatchers(),
		moved:   make(chan struct{}),
		turned:  make(chan struct{}),
	}
}

// Run keeps the feed going until ctx ends, through any failure of the database, and then gives nil. It may be called once.
func (f *Feed) Run(ctx context.Context) error {
	if f.running.Swap(true) {
		return errors.New("the event feed runs already")
	}
	defer close(f.stopped)
	if !f.persist(ctx, "find the end of the event log", f.begin) {
		return nil
	}
	var all sync.WaitGroup
	all.Go(func() { f.persist(ctx, "listen to the event log", f.listen) })
	all.Go(func() { f.sequence(ctx) })
	all.Go(func() { f.persist(ctx, "tail the event log", f.tail) })
	all.Go(func() { f.persist(ctx, "fill the ring of events", f.fill) })
	if f.options.Relay != nil {
		all.Go(func() { f.relay(ctx) })
	}
	all.Wait()
	return nil
}

// persist calls do until it gives no error or ctx ends, waiting longer after each failure. It gives whether do succeeded.
func (f *Feed) persist(ctx context.Context, doing string, do func(context.Context) error) bool {
	for pause := time.Duration(0); ; {
		began := time.Now()
		err := do(ctx)
		if ctx.Err() != nil {
			return false
		}
		if err == nil {
			return true
		}
		if time.Since(began) > 2*longestPause {
			pause = 0
		}
		pause = nextPause(pause)
		f.options.Logger.WarnContext(ctx, doing, "error", err, "againIn", pause)
		if sleep(ctx, pause) != nil {
			return false
		}
	}
}

const longestPause = 2 * time.Second

// nextPause doubles a pause between attempts.
func nextPause(pause time.Duration) time.Duration {
	return min(max(2*pause, 50*time.Millisecond), longestPause)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// signal leaves a value in a channel of one place, if there is none.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Kick says that events were just committed. It does not block.
func (f *Feed) Kick() { signal(f.kicks) }

// Head is the end of the stream, as far as this process has read it: what was committed up to there is visible to every
// query that starts now, and a subscription after it gets all that is not. It waits for the feed to start.
func (f *Feed) Head(ctx context.Context) (model.Cursor, error) {
	if err := f.wait(ctx, f.ready); err != nil {
		return model.Cursor{}, err
	}
	return f.head(), nil
}

func (f *Feed) head() model.Cursor {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.headLocked()
}

func (f *Feed) headLocked() model.Cursor {
	return model.Cursor{Epoch: f.state.Epoch(), Position: f.ring.high.Load()}
}

// wait waits for c until ctx ends or the feed stops.
func (f *Feed) wait(ctx context.Context, c <-chan struct{}) error {
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-f.stopped:
		return ErrStopped
	}
}

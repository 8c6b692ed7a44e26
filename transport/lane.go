package transport

import (
	"context"
	"runtime"
	"time"
)

// lane is where those who are behind work, a few at a time and only while nobody else wants the processors: who comes
// back must not make those wait who are there.
type lane struct {
	places chan time.Duration // a value for each place that is free: how long there was work in it since it rested
}

const (
	longestTurn = time.Millisecond       // of one who has so much to do
	worthARest  = 100 * time.Microsecond // of work: some ten turns of those who take what others were answered

	restPerWork = 2
	leastRest   = 50 * time.Microsecond
	mostRest    = 20 * time.Millisecond // so that those who are behind get on beside any load
	longestWait = 5 * time.Millisecond  // for others, for the same reason
	nobody      = 5 * time.Microsecond  // is how long it takes when nobody else is ready to run
)

func newLane() *lane {
	l := &lane{places: make(chan time.Duration, runtime.GOMAXPROCS(0))}
	for range cap(l.places) {
		l.places <- 0
	}
	return l
}

// work does it as soon as there is a place, and gives the context's cause if that ends before.
func (l *lane) work(ctx context.Context, do func()) error {
	var worked time.Duration
	select {
	case worked = <-l.places:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	began := time.Now()
	defer func() {
		if worked += time.Since(began); worked < worthARest {
			l.places <- worked
			return
		}
		go func() {
			rest(worked)
			l.places <- 0
		}()
	}()
	do()
	return nil
}

// rest takes twice as long as the work did, and what it gave others to do: before all, to write what was queued.
//
// It sleeps when nobody is ready to run, or the rest would be good for nothing: with somebody always ready, the runtime
// looks at the network every 10 ms only, and each answer of the database to anybody waits for that.
func rest(worked time.Duration) {
	began := time.Now()
	giveWay()
	worked += time.Since(began)
	time.Sleep(min(max(restPerWork*worked, leastRest), mostRest))
	giveWay()
}

// giveWay returns when nobody else is ready to run on this processor.
func giveWay() {
	for began := time.Now(); time.Since(began) < longestWait; {
		stood := time.Now()
		runtime.Gosched() // behind all who are
		if time.Since(stood) < nobody {
			return
		}
	}
}

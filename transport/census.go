package transport

import (
	"errors"
	"net/http"
	"sync"
)

var (
	errFull    = errors.New("the server has as many open streams as it can take")
	errTooMany = errors.New("the caller has as many open streams as it may have")
	errLeaving = errors.New("the server is going down")
)

// census counts what is open for long, in all and per caller.
type census struct {
	most, mostPerCaller int

	mu      sync.Mutex // protects what follows
	total   int
	callers map[string]int
	closed  bool
	inside  sync.WaitGroup // added to by enter; who leaves calls Done when nothing of it is left
}

func newCensus(limits *Limits) *census {
	return &census{most: limits.Sockets, mostPerCaller: limits.SocketsPerCaller, callers: map[string]int{}}
}

// enter counts one more for the caller, "" being nobody in particular. With an error it counts nothing.
func (c *census) enter(caller string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return errLeaving
	case c.total >= c.most:
		return errFull
	case !c.add(caller):
		return errTooMany
	}
	c.total++
	c.inside.Add(1)
	return nil
}

// move counts one that has entered for another caller. False means that this one has too many; it then counts for nobody.
func (c *census) move(from, to string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(from)
	return c.add(to)
}

func (c *census) leave(caller string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(caller)
	c.total--
}

// close lets nobody in any more.
func (c *census) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
}

func (c *census) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

func (c *census) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total
}

func (c *census) add(caller string) bool {
	if caller == "" {
		return true
	}
	if c.callers[caller] >= c.mostPerCaller {
		return false
	}
	c.callers[caller]++
	return true
}

func (c *census) remove(caller string) {
	if caller == "" {
		return
	}
	if c.callers[caller]--; c.callers[caller] == 0 {
		delete(c.callers, caller)
	}
}

// statusOf is how HTTP says why enter refused.
func statusOf(err error) int {
	if errors.Is(err, errTooMany) {
		return http.StatusTooManyRequests
	}
	return http.StatusServiceUnavailable
}

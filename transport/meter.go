package transport

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"
)

// Meter bounds how much each of many may use up, by their names. It remembers those who used something last, so that any
// number of names takes a bounded place. It is safe for concurrent use; nil bounds nobody.
type Meter struct {
	bucket    int
	perSecond rate.Limit

	mu   sync.Mutex // protects kept
	kept *simplelru.LRU[string, *rate.Limiter]
}

// remembered is how many names a meter keeps; one takes some 200 bytes.
const remembered = 10_000

// NewMeter lets each save up a bucket full, which it begins with, and get so much back a second. Zero for either means
// that nobody is bounded; the meter is then nil.
func NewMeter(bucket int, perSecond float64) *Meter {
	if bucket <= 0 || perSecond <= 0 {
		return nil
	}
	kept, _ := simplelru.NewLRU[string, *rate.Limiter](remembered, nil) // which only fails for a size below one
	return &Meter{bucket: bucket, perSecond: rate.Limit(perSecond), kept: kept}
}

// Take uses up one of what the name has. When there is none it uses up nothing, and says how long to wait for it.
func (m *Meter) Take(name string) (wait time.Duration) { return take(m.of(name), 1) }

// of finds what a name has; nil if that is not bounded.
func (m *Meter) of(name string) *rate.Limiter {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	limiter, ok := m.kept.Get(name)
	if !ok {
		limiter = rate.NewLimiter(m.perSecond, m.bucket)
		m.kept.Add(name, limiter)
	}
	return limiter
}

// take takes n at once. More than a bucket full counts as that, so that everything can be had once.
func take(limiter *rate.Limiter, n int) (wait time.Duration) {
	if limiter == nil {
		return 0
	}
	now := time.Now()
	reserved := limiter.ReserveN(now, min(n, limiter.Burst()))
	if wait = reserved.DelayFrom(now); wait > 0 {
		reserved.CancelAt(now)
	}
	return wait
}

// give puts back what was taken and not used. What was used beyond it is taken, even if there is none left: then the
// name waits the longer for more.
func give(limiter *rate.Limiter, taken, used int) {
	if limiter == nil || taken == used {
		return
	}
	most := limiter.Burst()
	limiter.ReserveN(time.Now(), min(used, most)-min(taken, most)) // less than nothing is given
}

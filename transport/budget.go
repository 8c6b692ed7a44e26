package transport

import (
	"context"
	"math"
	"net/http"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"golang.org/x/time/rate"
)

// Rates say how much may be asked for. Each operation costs a point, and for known callers one more for each object that
// it may touch; what it did not touch is given back when it is answered. What has no rate is not bounded.
type Rates struct {
	Bucket    int // points that a known caller can save up
	PerSecond int // points that a known caller gets back a second
	Anonymous int // operations a second from one place where nobody is known; as many may come at once

	// Who names whom an operation is charged to: a caller, or when known is false the place that it comes from.
	Who func(ctx context.Context) (name string, known bool)
}

// Budgets keep what each caller has left, of those who asked last. It is safe for concurrent use; nil bounds nobody.
type Budgets struct {
	who    func(ctx context.Context) (name string, known bool)
	known  *Meter // nil bounds nobody
	others *Meter // apart, so that strangers cannot push callers out
}

// Budget is what one caller has.
type Budget struct {
	Limit     int // the most that can be saved up
	Remaining int
	PerSecond int // what comes back
}

// NewBudgets returns full budgets for everybody.
func NewBudgets(rates Rates) *Budgets {
	return &Budgets{
		who:    rates.Who,
		known:  NewMeter(rates.Bucket, float64(rates.PerSecond)),
		others: NewMeter(rates.Anonymous, float64(rates.Anonymous)),
	}
}

// Left tells what the context's caller has; false when nothing bounds that caller.
func (b *Budgets) Left(ctx context.Context) (Budget, bool) {
	limiter, _ := b.of(ctx)
	if limiter == nil {
		return Budget{}, false
	}
	return leftOf(limiter), true
}

func leftOf(limiter *rate.Limiter) Budget {
	return Budget{Limit: limiter.Burst(), Remaining: max(int(limiter.Tokens()), 0), PerSecond: int(limiter.Limit())}
}

// of finds the budget of the context's caller, nil for one who is not bounded.
func (b *Budgets) of(ctx context.Context) (limiter *rate.Limiter, known bool) {
	if b == nil || b.known == nil && b.others == nil {
		return nil, false
	}
	name, known := b.who(ctx)
	if known {
		return b.known.of(name), true
	}
	return b.others.of(name), false
}

// bill is what an operation is charged, and to whom. The zero value charges nobody.
type bill struct {
	limiter *rate.Limiter // nil for one who is not bounded
	known   bool

	charged   bool // for what it may touch, until it is known what it touched
	told      bool // what it touched
	requested int
	touched   int
}

// open begins the bill of the context's caller.
func (b *Budgets) open(ctx context.Context) (opened bill) {
	opened.limiter, opened.known = b.of(ctx)
	return opened
}

func (b *bill) spend(points int) *gqlerror.Error {
	wait := take(b.limiter, points)
	if wait == 0 {
		return nil
	}
	seconds := int(math.Ceil(wait.Seconds()))
	what, hint := "points", "ask for less, or more seldom"
	if !b.known {
		what, hint = "operations", "sign in, or ask more seldom"
	}
	err := refusal(CodeRateLimited, "too much was asked for: %d %s a second come back, %d at most; try again in %d s, %s",
		int(b.limiter.Limit()), what, b.limiter.Burst(), seconds, hint)
	err.Extensions[RetryAfterKey] = seconds
	return err
}

// charge has a known caller pay for the objects that an operation may touch. Subscriptions do not settle: their events
// are shared, and free.
func (b *bill) charge(kind ast.Operation, objects int) *gqlerror.Error {
	b.charged, b.requested = kind != ast.Subscription, objects
	if !b.known {
		return nil
	}
	return b.spend(objects)
}

// Touched is how an executor tells, before the answer is returned, how many objects the query or mutation of the context
// has touched. Those are meant for whose types [Counts] is true. Unless it is told, the operation costs what it might
// have touched.
func Touched(ctx context.Context, objects int) {
	if c := callOf(ctx); c != nil {
		c.bill.told, c.bill.touched = true, objects
	}
}

// settle gives back what a query or mutation was charged for and did not touch, and adds to the answer what it cost when
// that was asked for.
func (c *call) settle(response *graphql.Response) {
	b := &c.bill
	if !b.charged {
		return
	}
	if b.known && b.told {
		give(b.limiter, b.requested, b.touched)
	}
	if asked, _ := c.operation.Extensions["cost"].(bool); asked || c.operation.Headers.Get(CostHeader) != "" {
		extend(response, "cost", b.itemised())
	}
}

// RetryAfterKey is the extension in which an error says in how many seconds to try again.
const RetryAfterKey = "retryAfterSeconds"

// tellRetry has HTTP say what the error says. It is false for errors of other kinds.
func tellRetry(header http.Header, errs gqlerror.List) bool {
	for _, err := range errs {
		if seconds, ok := err.Extensions[RetryAfterKey].(int); ok && err.Extensions["code"] == CodeRateLimited {
			header.Set("Retry-After", strconv.Itoa(seconds))
			return true
		}
	}
	return false
}

// CostHeader has the answer say in extensions.cost what the operation cost; the request's extension "cost" does so too.
const CostHeader = "X-Graphql-Cost"

// itemised is the bill as callers see it.
func (b *bill) itemised() map[string]any {
	cost := map[string]any{"requested": b.requested + 1}
	if b.told {
		cost["actual"] = b.touched + 1
	}
	if b.limiter != nil {
		left := leftOf(b.limiter)
		cost["limit"], cost["remaining"], cost["restoredPerSecond"] = left.Limit, left.Remaining, left.PerSecond
	}
	return cost
}

package transport

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"golang.org/x/time/rate"
)

// Rates say how much may be asked for. Each operation costs a point, and for known callers one more for each object that
// it may touch. What has no rate is not bounded.
type Rates struct {
	Bucket    int // points that a known caller can save up
	PerSecond int // points that a known caller gets back a second
	Anonymous int // operations a second from one place where nobody is known; as many may come at once

	// Who names whom an operation is charged to: a caller, or when known is false the place that it comes from.
	Who func(ctx context.Context) (name string, known bool)
}

// Budgets keep what each caller has left, of those who asked last. It is safe for concurrent use; nil bounds nobody.
type Budgets struct {
	rates Rates

	mu     sync.Mutex // protects what follows
	known  *simplelru.LRU[string, *rate.Limiter]
	others *simplelru.LRU[string, *rate.Limiter] // apart, so that strangers cannot push callers out
}

// Budget is what one caller has.
type Budget struct {
	Limit     int // the most that can be saved up
	Remaining int
	PerSecond int // what comes back
}

// remembered is how many callers have their budgets kept; one takes some 200 bytes.
const remembered = 10_000

// NewBudgets returns full budgets for everybody.
func NewBudgets(rates Rates) *Budgets {
	b := &Budgets{rates: rates}
	b.known, _ = simplelru.NewLRU[string, *rate.Limiter](remembered, nil) // which only fails for a size below one
	b.others, _ = simplelru.NewLRU[string, *rate.Limiter](remembered, nil)
	return b
}

// Left tells what the context's caller has; false when nothing bounds that caller.
func (b *Budgets) Left(ctx context.Context) (Budget, bool) {
	limiter, _ := b.of(ctx)
	if limiter == nil {
		return Budget{}, false
	}
	return Budget{
		Limit: limiter.Burst(), Remaining: max(int(limiter.Tokens()), 0), PerSecond: int(limiter.Limit()),
	}, true
}

// of finds the budget of the context's caller, nil for one who is not bounded.
func (b *Budgets) of(ctx context.Context) (limiter *rate.Limiter, known bool) {
	if b == nil {
		return nil, false
	}
	name, known := b.rates.Who(ctx)
	kept, bucket, perSecond := b.others, b.rates.Anonymous, b.rates.Anonymous
	if known {
		kept, bucket, perSecond = b.known, b.rates.Bucket, b.rates.PerSecond
	}
	if bucket == 0 || perSecond == 0 {
		return nil, known
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	limiter, ok := kept.Get(name)
	if !ok {
		limiter = rate.NewLimiter(rate.Limit(perSecond), bucket)
		kept.Add(name, limiter)
	}
	return limiter, known
}

// begin charges for an operation before anything is known of it.
func (b *Budgets) begin(ctx context.Context) *gqlerror.Error {
	limiter, known := b.of(ctx)
	if limiter == nil {
		return nil
	}
	return spend(limiter, known, 1)
}

// touch charges a known caller for what the operation may touch.
func (b *Budgets) touch(ctx context.Context, objects int) *gqlerror.Error {
	limiter, known := b.of(ctx)
	if limiter == nil || !known {
		return nil
	}
	return spend(limiter, known, objects)
}

func spend(limiter *rate.Limiter, known bool, points int) *gqlerror.Error {
	now := time.Now()
	reserved := limiter.ReserveN(now, min(points, limiter.Burst())) // an operation within the limits can always be afforded once
	wait := reserved.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	reserved.CancelAt(now)
	seconds := int(math.Ceil(wait.Seconds()))
	what, hint := "points", "ask for less, or more seldom"
	if !known {
		what, hint = "operations", "sign in, or ask more seldom"
	}
	err := refusal(CodeRateLimited, "too much was asked for: %d %s a second come back, %d at most; try again in %d s, %s",
		int(limiter.Limit()), what, limiter.Burst(), seconds, hint)
	err.Extensions[retryAfterKey] = seconds
	return err
}

// retryAfterKey is where an error says in how many seconds to try again.
const retryAfterKey = "retryAfterSeconds"

// tellRetry has HTTP say what the error says. It is false for errors of other kinds.
func tellRetry(header http.Header, errs gqlerror.List) bool {
	for _, err := range errs {
		if seconds, ok := err.Extensions[retryAfterKey].(int); ok && err.Extensions["code"] == CodeRateLimited {
			header.Set("Retry-After", strconv.Itoa(seconds))
			return true
		}
	}
	return false
}

// costKey is where the cost of an operation waits for its answer.
const costKey = "transport.cost"

// CostHeader has the answer say in extensions.cost what the operation cost; the request's extension "cost" does so too.
const CostHeader = "X-Graphql-Cost"

// tellCost adds to the answer of a query or mutation what it cost, when that was asked for.
func (b *Budgets) tellCost(ctx context.Context, response *graphql.Response) {
	if !graphql.HasOperationContext(ctx) {
		return // the request is no operation
	}
	op := graphql.GetOperationContext(ctx)
	asked, _ := op.Extensions["cost"].(bool)
	cost, known := op.Stats.GetExtension(costKey).(int)
	if !known || !asked && op.Headers.Get(CostHeader) == "" {
		return
	}
	told := map[string]any{"requested": cost}
	if left, bounded := b.Left(ctx); bounded {
		told["limit"], told["remaining"], told["restoredPerSecond"] = left.Limit, left.Remaining, left.PerSecond
	}
	if response.Extensions == nil {
		response.Extensions = map[string]any{}
	}
	response.Extensions["cost"] = told
}

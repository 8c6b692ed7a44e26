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
	return Budget{
		Limit: limiter.Burst(), Remaining: max(int(limiter.Tokens()), 0), PerSecond: int(limiter.Limit()),
	}, true
}

// of finds the budget of the context's caller, nil for one who is not bounded.
func (b *Budgets) of(ctx context.Context) (limiter *rate.Limiter, known bool) {
	if b == nil {
		return nil, false
	}
	name, known := b.who(ctx)
	if known {
		return b.known.of(name), true
	}
	return b.others.of(name), false
}

// begin charges for an operation before anything is known of it.
func (b *Budgets) begin(ctx context.Context) *gqlerror.Error {
	limiter, known := b.of(ctx)
	return spend(limiter, known, 1)
}

func spend(limiter *rate.Limiter, known bool, points int) *gqlerror.Error {
	wait := take(limiter, points)
	if wait == 0 {
		return nil
	}
	seconds := int(math.Ceil(wait.Seconds()))
	what, hint := "points", "ask for less, or more seldom"
	if !known {
		what, hint = "operations", "sign in, or ask more seldom"
	}
	err := refusal(CodeRateLimited, "too much was asked for: %d %s a second come back, %d at most; try again in %d s, %s",
		int(limiter.Limit()), what, limiter.Burst(), seconds, hint)
	err.Extensions[RetryAfterKey] = seconds
	return err
}

// bill is what a query or mutation was charged, until it is known what it touched.
type bill struct {
	requested int
	touched   int           // -1 while that is not known
	limiter   *rate.Limiter // of a known caller who is bounded; nil otherwise
}

// billKey is where a bill waits for the answer.
const billKey = "transport.bill"

func billOf(ctx context.Context) *bill {
	if !graphql.HasOperationContext(ctx) {
		return nil // the request is no operation
	}
	bill, _ := graphql.GetOperationContext(ctx).Stats.GetExtension(billKey).(*bill)
	return bill
}

// charge has a known caller pay for the objects that an operation may touch.
func (b *Budgets) charge(ctx context.Context, op *graphql.OperationContext, objects int) *gqlerror.Error {
	limiter, known := b.of(ctx)
	if !known {
		limiter = nil
	}
	if op.Operation.Operation != ast.Subscription { // whose events are shared, and free
		op.Stats.SetExtension(billKey, &bill{requested: objects, touched: -1, limiter: limiter})
	}
	return spend(limiter, known, objects)
}

// Touched is how an executor tells, before the answer is returned, how many objects the query or mutation of the context
// has touched. Those are meant for whose types [Counts] is true. Unless it is told, the operation costs what it might
// have touched.
func Touched(ctx context.Context, objects int) {
	if bill := billOf(ctx); bill != nil {
		bill.touched = objects
	}
}

// settle gives back what a query or mutation was charged for and did not touch, and adds to the answer what it cost when
// that was asked for.
func (b *Budgets) settle(ctx context.Context, response *graphql.Response) {
	bill := billOf(ctx)
	if bill == nil {
		return
	}
	if bill.touched >= 0 {
		give(bill.limiter, bill.requested, bill.touched)
	}
	b.tell(ctx, response, bill)
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

func (b *Budgets) tell(ctx context.Context, response *graphql.Response, bill *bill) {
	op := graphql.GetOperationContext(ctx)
	if asked, _ := op.Extensions["cost"].(bool); !asked && op.Headers.Get(CostHeader) == "" {
		return
	}
	cost := map[string]any{"requested": bill.requested + 1}
	if bill.touched >= 0 {
		cost["actual"] = bill.touched + 1
	}
	if left, bounded := b.Left(ctx); bounded {
		cost["limit"], cost["remaining"], cost["restoredPerSecond"] = left.Limit, left.Remaining, left.PerSecond
	}
	if response.Extensions == nil {
		response.Extensions = map[string]any{}
	}
	response.Extensions["cost"] = cost
}

package server

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"

	"workflowfactory/model"
	"workflowfactory/transport"
)

type visitKey struct{}

// visit is all that is known of a request, and its context.
type visit struct {
	model.Asked
	id        [1]string    // as the header has it
	operation atomic.Int32 // as the metrics name it
	answer    recorder
}

// Identify says who makes the request. It is called, if at all, before anybody is told of the context who may ask it at
// the same time.
func (v *visit) Identify(caller model.Caller) { v.By = caller }

// Value gives the visit, the caller, or what the connection's context has.
func (v *visit) Value(key any) any {
	if key == (visitKey{}) {
		return v
	}
	return v.Asked.Value(key)
}

// visitOf gives the request that the context belongs to; nil when it belongs to none.
func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	return v
}

// origin is where a request comes from: the other end of the connection, or when that is a trusted proxy, whom the proxy
// says it speaks for. It reads X-Forwarded-For from its end, which is what the nearest proxy wrote: whatever stands before
// the first address that is no proxy anybody may have made up.
func origin(remote string, forwarded []string, proxies []netip.Prefix) netip.Addr {
	connected, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	from := connected.Addr().Unmap()
	if len(proxies) == 0 {
		return from
	}
	hops := strings.Split(strings.Join(forwarded, ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(from) }) {
			break
		}
		before, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		from = before.Unmap()
	}
	return from
}

// place is what shares one budget: an address, or with IPv6 the network that one customer gets.
func place(a netip.Addr) string {
	if a.Is6() {
		if network, err := a.WithZone("").Prefix(64); err == nil {
			return network.String()
		}
	}
	return a.String()
}

// placeOf is the place that the request comes from.
func placeOf(ctx context.Context) string {
	return place(model.CallerFrom(ctx).Address)
}

// spender is whom an operation is charged to.
func spender(ctx context.Context) (name string, known bool) {
	if holder := model.CallerFrom(ctx).Holder(); !holder.IsZero() {
		return string(holder[:]), true
	}
	return placeOf(ctx), false
}

// rateLimit tells the caller what is left; nil when nothing bounds it.
func rateLimit(budgets *transport.Budgets) func(context.Context) *model.RateLimit {
	return func(ctx context.Context) *model.RateLimit {
		left, bounded := budgets.Left(ctx)
		if !bounded {
			return nil
		}
		return &model.RateLimit{Limit: left.Limit, Remaining: left.Remaining, RestoredPerSecond: left.PerSecond}
	}
}

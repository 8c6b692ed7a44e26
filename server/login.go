package server

import (
	"context"
	"math"
	"strings"

	"workflowfactory/model"
	"workflowfactory/transport"
)

// LoginRates say how often a minute may be tried to sign in, at each process. Zero is as often as one likes.
type LoginRates struct {
	Account int // to one account, by its email address
	Address int // from one address of the network
}

// logins bounds how often is tried to sign in.
type logins struct {
	accounts, places *transport.Meter
}

func newLogins(rates LoginRates) *logins {
	perMinute := func(n int) *transport.Meter { return transport.NewMeter(n, float64(n)/60) }
	return &logins{accounts: perMinute(rates.Account), places: perMinute(rates.Address)}
}

// place answers RATE_LIMITED when too much is tried from where the request comes from.
func (l *logins) place(ctx context.Context) error {
	return tooOften(l.places, placeOf(ctx), "from your address")
}

// account answers RATE_LIMITED when too much is tried from there, or for that account.
func (l *logins) account(ctx context.Context, email string) error {
	if err := l.place(ctx); err != nil {
		return err
	}
	return tooOften(l.accounts, strings.ToLower(email), "to this account")
}

func tooOften(meter *transport.Meter, name, what string) error {
	wait := meter.Take(name)
	if wait == 0 {
		return nil
	}
	seconds := int(math.Ceil(wait.Seconds()))
	err := model.Errorf(model.RateLimited, "it was tried too often to sign in %s; try again in %d s", what, seconds)
	err.Details = map[string]any{transport.RetryAfterKey: seconds}
	return err
}

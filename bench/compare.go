package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// benchmark is one case: what is done to every contender.
type benchmark struct {
	name  string
	about string
	// contenders; all are compared with the first.
	contenders []contender
	// check makes sure, before anything is measured, that all of them do the same.
	check func(ctx context.Context, w *world, all []*process) error
	// prepare gets ready for a round of a contender, outside of what is measured; nil if there is nothing to.
	prepare func(ctx context.Context, w *world, p *process) error
	// load keeps a contender busy until the context ends, and gives how much was done. Rounds are numbered, so that
	// they need not all ask for the same.
	load func(ctx context.Context, w *world, p *process, round int) (done int, err error)
}

// figures are what one contender took for one unit of work in one round.
type figures struct {
	cpu      float64 // µs of the server
	rate     float64 // units a second
	database float64 // µs of PostgreSQL
	allocs   float64
	bytes    float64
	waited   float64 // share of the round in which the server stood ready and others had its core
}

// compare runs one case and prints what came of it.
func (w *world) compare(ctx context.Context, b benchmark) error {
	var all []*process
	for _, c := range b.contenders {
		p, err := w.start(ctx, c)
		if p != nil && p.command.Process != nil {
			defer p.stop()
		}
		if err != nil {
			return fmt.Errorf("start %s: %w", c.name, err)
		}
		all = append(all, p)
	}
	if err := b.check(ctx, w, all); err != nil {
		return err
	}
	results := make([][]figures, len(all))
	for round := range w.rounds + 1 {
		for i := range all {
			at := (i + round) % len(all) // nobody always comes first
			f, err := w.measure(ctx, b, all[at], round)
			if err != nil {
				return fmt.Errorf("%s: %w", all[at].name, err)
			}
			if round > 0 { // the first warms up
				results[at] = append(results[at], f)
			}
		}
	}
	report(b, results)
	return w.profiles(ctx, b, all)
}

// measure asks one contender for one round.
func (w *world) measure(ctx context.Context, b benchmark, p *process, round int) (f figures, err error) {
	if b.prepare != nil {
		if err := b.prepare(ctx, w, p); err != nil {
			return f, err
		}
	}
	before, err := w.sample(ctx, p)
	if err != nil {
		return f, err
	}
	busy, cancel := context.WithTimeout(ctx, w.round)
	defer cancel()
	start := time.Now()
	done, err := b.load(busy, w, p, round)
	took := time.Since(start)
	if err != nil {
		return f, err
	}
	if done == 0 {
		return f, fmt.Errorf("nothing was done in %v", took)
	}
	after, err := w.sample(ctx, p)
	if err != nil {
		return f, err
	}
	server, n := after.server.sub(before.server), float64(done)
	return figures{
		cpu:      microseconds(server.ran) / n,
		rate:     n / took.Seconds(),
		database: microseconds(after.database.sub(before.database).ran) / n,
		allocs:   float64(after.Mallocs-before.Mallocs) / n,
		bytes:    float64(after.TotalAlloc-before.TotalAlloc) / n,
		waited:   server.waited.Seconds() / took.Seconds(),
	}, nil
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// sample is how far the counters of a contender are.
type sample struct {
	memory
	server, database usage
}

func (w *world) sample(ctx context.Context, p *process) (s sample, err error) {
	backends, err := w.backends(ctx, p.name)
	if err != nil {
		return s, err
	}
	if s.memory, err = p.memory(); err != nil {
		return s, err
	}
	if s.database, err = usageOf(backends...); err != nil {
		return s, err
	}
	s.server, err = usageOf(p.command.Process.Pid)
	return s, err
}

// profiles asks each contender once more, to see where its time goes.
func (w *world) profiles(ctx context.Context, b benchmark, all []*process) error {
	for _, p := range all {
		err := w.profiled(b.name, p, func(d time.Duration) error {
			busy, cancel := context.WithTimeout(ctx, d)
			defer cancel()
			if b.prepare != nil {
				if err := b.prepare(busy, w, p); err != nil {
					return err
				}
			}
			_, err := b.load(busy, w, p, 0)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// profiled writes profiles of a contender while load keeps it busy for as long as it is told, if profiles are wanted.
func (w *world) profiled(name string, p *process, load func(time.Duration) error) error {
	if w.profile == "" {
		return nil
	}
	const long = 3 * time.Second
	done := make(chan error, 1)
	go func() { done <- load(long + time.Second) }()
	err := p.profile(filepath.Join(w.profile, name+"-"+p.name), long)
	if err = errors.Join(err, <-done); err != nil {
		return fmt.Errorf("profile %s: %w", p.name, err)
	}
	return nil
}

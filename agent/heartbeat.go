package agent

import (
	"context"
	"maps"
	"slices"
	"time"
)

// maxBeat is how many leases one heartbeat extends at most.
const maxBeat = 100

// soonest is how close heartbeats may follow one another when there is progress to tell.
const soonest = time.Second

// beats says that the agent is alive as often as the server wants to hear it, until ctx ends or the server refuses.
func (w *worker) beats(ctx context.Context) error {
	next := w.Heartbeat
	for {
		if err := sleep(ctx, min(soonest, next)); err != nil {
			return err
		}
		w.awaitBeat(ctx, next-soonest)
		told, err := w.beat(ctx, nil)
		if err != nil {
			return err
		}
		next = min(told, w.Lease/2)
	}
}

func (w *worker) awaitBeat(ctx context.Context, rest time.Duration) {
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.early:
	case <-ctx.Done():
	}
}

// hurry has the next heartbeat come within a second.
func (w *worker) hurry() {
	select {
	case w.early <- struct{}{}:
	default:
	}
}

// beat extends every lease and ends the contexts of tasks that are not the agent's any more. It gives the time until
// the next one is due.
func (w *worker) beat(ctx context.Context, also vars) (next time.Duration, err error) {
	tasks := w.holding()
	for {
		part := tasks[:min(len(tasks), maxBeat)]
		tries, err := w.repeat(ctx, patience, func(ctx context.Context) (err error) {
			next, err = w.extend(ctx, part, also)
			return err
		})
		if err == nil && tries > 1 {
			err = w.askAgain(ctx, part) // each decision is told for a while only, and an answer may have been lost
		}
		if tasks = tasks[len(part):]; err != nil || len(tasks) == 0 {
			return next, err
		}
	}
}

type beatAnswer struct {
	Heartbeat struct {
		ServerTime           time.Time
		NextHeartbeatSeconds int
		Leases               []struct {
			LeaseExpiresAt *time.Time
			Lost           bool
		}
		CancelledTaskIds   []string
		DecidedSuggestions []Decision
	}
}

func (w *worker) extend(ctx context.Context, tasks []*Task, also vars) (time.Duration, error) {
	leases := make([]vars, len(tasks))
	for i, t := range tasks {
		leases[i] = t.beat()
	}
	input := vars{"agentId": w.id, "leases": leases}
	maps.Copy(input, also)
	document := heartbeat
	if slices.ContainsFunc(tasks, (*Task).awaits) {
		document = heartbeatWithDecisions
	}
	sent := time.Now()
	var answer beatAnswer
	if err := w.send(ctx, document, vars{"input": input}, &answer); err != nil {
		return 0, err
	}
	news := answer.Heartbeat
	for i, l := range news.Leases {
		switch t := tasks[i]; {
		case !l.Lost:
			t.extendTo(sent.Add(l.LeaseExpiresAt.Sub(news.ServerTime)))
		case slices.Contains(news.CancelledTaskIds, t.ID):
			t.cancel(ErrCancelled)
		default:
			t.cancel(ErrLeaseLost)
		}
	}
	for _, t := range tasks {
		t.hear(news.DecidedSuggestions)
	}
	return time.Duration(news.NextHeartbeatSeconds) * time.Second, nil
}

// What heartbeats ask for. Decisions are asked for only while somebody waits for one.
const (
	heartbeat              = `mutation ($input: HeartbeatInput!) { heartbeat(input: $input) { ` + leaseNews + ` } }`
	heartbeatWithDecisions = `mutation ($input: HeartbeatInput!) { heartbeat(input: $input) { ` + leaseNews + ` decidedSuggestions ` + decision + ` } }`

	leaseNews = `serverTime nextHeartbeatSeconds leases { leaseExpiresAt lost } cancelledTaskIds`
)

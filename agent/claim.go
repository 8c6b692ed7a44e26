package agent

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"time"
)

// maxClaim is how many tasks one claim takes at most.
const maxClaim = 50

// claims takes work whenever there is a free slot, until taking ends or the server refuses.
func (w *worker) claims(taking, life context.Context) error {
	for {
		n, err := w.takeSlots(taking)
		if err != nil {
			return err
		}
		begun := time.Now()
		leases, err := w.claim(taking, life, n)
		w.freeSlots(n - len(leases))
		if err != nil {
			return err
		}
		// A server that is about to end answers at once: it is not asked again and again until it is gone.
		if len(leases) == 0 && time.Since(begun) < w.Wait/2 {
			if err := sleep(taking, pauseAfter(4)); err != nil {
				return err
			}
		}
	}
}

// takeSlots waits for a free slot and takes those that are free, as many as a claim can use.
func (w *worker) takeSlots(ctx context.Context) (n int, err error) {
	select {
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case <-w.slots:
	}
	for n = 1; n < maxClaim; n++ {
		select {
		case <-w.slots:
		default:
			return n, nil
		}
	}
	return n, nil
}

func (w *worker) freeSlots(n int) {
	for range n {
		w.slots <- struct{}{}
	}
}

// claim asks for up to n tasks and has them begun. All tries bear one key, so that leases whose answer was lost come
// with the next one.
func (w *worker) claim(taking, life context.Context, n int) ([]lease, error) {
	w.unanswered = vars{
		"agentId": w.id, "max": n, "waitSeconds": seconds(w.Wait), "leaseSeconds": seconds(w.Lease), "idempotencyKey": rand.Text(),
	}
	var claimed struct{ ClaimTasks []lease }
	tries, err := w.repeat(taking, w.Wait+patience, func(ctx context.Context) error {
		return w.send(ctx, claimTasks, vars{"input": w.unanswered}, &claimed)
	})
	if err != nil {
		return nil, err
	}
	w.unanswered = nil
	tasks := make([]*Task, len(claimed.ClaimTasks))
	for i, l := range claimed.ClaimTasks {
		tasks[i] = w.newTask(life, l)
		w.hold(tasks[i])
	}
	if tries > 1 && len(tasks) > 0 {
		// An answer that was lost may be old: the heartbeat tells what is over already.
		if _, err := w.beat(life, nil); err != nil {
			w.Log.Warn("renew what was claimed", "error", err)
		}
	}
	for _, t := range tasks {
		w.handlers.Go(func() { w.do(life, t) })
	}
	return claimed.ClaimTasks, nil
}

// giveBackUnanswered releases what the last claim may have brought. The server knows that the agent drains: what that
// claim has not taken by now it never takes, so the same request either answers at once or has nothing to answer.
func (w *worker) giveBackUnanswered(ctx context.Context) {
	if w.unanswered == nil {
		return
	}
	var claimed struct{ ClaimTasks []lease }
	err := within(ctx, 2*time.Second, func(ctx context.Context) error {
		return w.send(ctx, claimTasks, vars{"input": w.unanswered}, &claimed)
	})
	if err != nil {
		return // there was nothing to answer
	}
	for _, l := range claimed.ClaimTasks {
		if err := w.call(ctx, releaseTask, vars{"leaseToken": l.LeaseToken}, &struct{}{}); err != nil {
			w.Log.Warn("give back", "task", l.Task.ID, "error", err)
		}
	}
}

// lease is a claimed task as it comes over the wire.
type lease struct {
	LeaseToken string
	Attempt    int
	Task       struct {
		ID             string
		Key            string
		Name           string
		Description    string
		Input          json.RawMessage
		MaxAttempts    int
		TimeoutSeconds *int
		Workflow       struct{ ID string }
		DependsOn      []struct {
			Key    string
			Result json.RawMessage
		}
	}
}

const claimTasks = `mutation ($input: ClaimTasksInput!) {
	claimTasks(input: $input) {
		leaseToken attempt
		task { id key name description input maxAttempts timeoutSeconds workflow { id } dependsOn { key result } }
	}
}`

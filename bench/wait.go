package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"
)

// waiting is the name of the case of agents that wait for work.
const waiting = "A"

const (
	waitingAgents = 200
	idleFor       = 12 * time.Second // PostgreSQL counts a quiet connection's transactions up to 10 s late
	wakeUps       = 200
	lostLeases    = 10
)

const (
	claimWaiting = `mutation ($a: ID!) { claimTasks(input: {agentId: $a, waitSeconds: 30, leaseSeconds: 1}) { leaseToken leaseExpiresAt } }`
	openWorkflow = `mutation { createWorkflow(input: {name: "Open", start: true, tasks: [{key: "never", name: "Never", requiredCapabilities: ["none has"]}]}) {
		workflow { id } } }`
	addTask = `mutation ($w: ID!) { createTask(input: {workflowId: $w, name: "Sort", maxAttempts: 100, retryPolicy: {backoff: FIXED, delaySeconds: 0}}) { task { id } } }`
)

// lease is what a waiting agent got, and when.
type lease struct {
	LeaseToken     string
	LeaseExpiresAt time.Time
	at             time.Time
}

// wait has agents wait for work. What counts is how little they ask of the database meanwhile, how soon one of them
// hears of a task that becomes READY, and how soon another gets the task of one that fell silent.
func (w *world) wait(ctx context.Context) error {
	p, err := w.start(ctx, wfd)
	if p != nil && p.command.Process != nil {
		defer p.stop()
	}
	if err != nil {
		return err
	}
	if err := w.hire(ctx); err != nil {
		return err
	}
	alone, err := w.transactions(ctx)
	if err != nil {
		return err
	}
	got, stop := waitForWork(p.address)
	defer stop()
	together, err := w.transactions(ctx)
	if err != nil {
		return err
	}
	c, err := dial(p.address)
	if err != nil {
		return err
	}
	defer c.conn.Close()
	woken, lost, err := handOut(c, got)
	if err != nil {
		return err
	}
	fmt.Printf("\n%s: %d agents wait for work\n", waiting, waitingAgents)
	fmt.Printf("  transactions per agent and second while there is none: %.3f (%.1f/s in all; %.1f/s without agents)\n", (together-alone)/waitingAgents, together, alone)
	fmt.Printf("  a task that becomes READY is claimed p50 %.1f ms, p95 %.1f ms later (%d tasks)\n", milliseconds(at(woken, 50)), milliseconds(at(woken, 95)), len(woken))
	fmt.Printf("  the task of an agent that fell silent is claimed again p50 %.2f s, at most %.2f s after its lease (%d times)\n",
		at(lost, 50).Seconds(), lost[len(lost)-1].Seconds(), len(lost))
	return nil
}

// transactions is how many the database has in a second, this question apart.
func (w *world) transactions(ctx context.Context) (perSecond float64, err error) {
	var before, after float64
	const count = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
	if err := w.pool.QueryRow(ctx, count).Scan(&before); err != nil {
		return 0, err
	}
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(idleFor):
	}
	err = w.pool.QueryRow(ctx, count).Scan(&after)
	return (after - before - 1) / idleFor.Seconds(), err
}

// waitForWork has each agent claim again and again, and gives what they get.
func waitForWork(address string) (got <-chan lease, stop func()) {
	var agents sync.WaitGroup
	leases, done := make(chan lease, waitingAgents), make(chan struct{})
	for worker := range waitingAgents {
		agents.Go(func() {
			c, err := dial(address)
			if err != nil {
				log.Warn("an agent cannot connect", "error", err)
				return
			}
			agents.Go(func() {
				<-done
				c.conn.Close()
			})
			claim := request(claimWaiting, map[string]any{"a": workerID(worker).String()})
			for {
				answer, err := c.do(claim)
				if err != nil {
					return // also when it is to stop
				}
				var claimed struct{ Data struct{ ClaimTasks []lease } }
				if err := json.Unmarshal(answer, &claimed); err != nil || claimed.Data.ClaimTasks == nil {
					log.Warn("an agent was refused", "answer", string(answer), "error", err)
					return
				}
				for _, l := range claimed.Data.ClaimTasks {
					l.at = time.Now()
					leases <- l
				}
			}
		})
	}
	return leases, func() {
		close(done)
		agents.Wait()
	}
}

// handOut makes tasks one after another, and then one that each of those who get it forgets. It gives, sorted, how long
// after it became READY each was claimed, and how long after a lease was over the task was claimed again.
func handOut(c *client, got <-chan lease) (woken, lost []time.Duration, err error) {
	var made struct {
		Data struct {
			CreateWorkflow struct{ Workflow struct{ ID string } }
		}
	}
	answer, err := c.do(request(openWorkflow, nil))
	if err != nil || json.Unmarshal(answer, &made) != nil || made.Data.CreateWorkflow.Workflow.ID == "" {
		return nil, nil, fmt.Errorf("make a workflow: %s: %w", answer, err)
	}
	add := request(addTask, map[string]any{"w": made.Data.CreateWorkflow.Workflow.ID})
	var last lease
	for range wakeUps {
		if err := c.must(add); err != nil {
			return nil, nil, fmt.Errorf("make a task: %w", err)
		}
		ready := time.Now()
		last = <-got
		woken = append(woken, max(0, last.at.Sub(ready)))
		if err := c.must(request(completeOne, map[string]any{"t": last.LeaseToken})); err != nil {
			return nil, nil, fmt.Errorf("complete a task: %w", err)
		}
	}
	if err := c.must(add); err != nil {
		return nil, nil, fmt.Errorf("make a task: %w", err)
	}
	last = <-got
	for range lostLeases {
		next := <-got
		lost, last = append(lost, next.at.Sub(last.LeaseExpiresAt)), next
	}
	slices.Sort(woken)
	slices.Sort(lost)
	return woken, lost, c.must(request(completeOne, map[string]any{"t": last.LeaseToken}))
}

package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"workflowfactory/db/dbtest"
)

// Several write into one log at the same time, through two servers, while others follow it from every kind of place.
// Each follower gets every line after its place, once and in order, and the events say nothing of it.
func TestFollowersOfALogMissNothing(t *testing.T) {
	t.Parallel()
	const writers, batches, batch, followers = 4, 25, 8, 6
	const total = writers * batches * batch
	database := "DATABASE_URL=" + dbtest.URL(t)
	s, other := serve(t, database), serve(t, database)
	_, tasks := s.admin().create(nil, "one")
	w := s.worker("a")
	var held struct{ ClaimTasks []lease }
	w.must(&held, `mutation ($a: ID!) { claimTasks(input: {agentId: $a, leaseSeconds: 600}) { leaseToken task { id key } } }`, vars{"a": w.id})

	const follow = `subscription ($t: ID!, $after: String) { taskLog(taskId: $t, after: $after) { cursor node { number message } } }`
	type line struct {
		TaskLog struct {
			Cursor string
			Node   struct {
				Number  int
				Message string
			}
		}
	}
	var following sync.WaitGroup
	for i := range followers {
		through := []*server{s, other}[i%2]
		following.Go(func() {
			watch, next, after := through.admin(), 1, (*string)(nil)
			for next <= total {
				// Now and then one follows anew, after the last line that it saw.
				stream, err := watch.subscribe(follow, vars{"t": tasks["one"], "after": after})
				if err != nil {
					t.Error(err)
					return
				}
				for until := next + total/4 + i; next <= min(until, total); next++ {
					var got line
					var text json.RawMessage
					select {
					case text = <-stream.next:
					case <-time.After(patience):
						t.Errorf("follower %d waits in vain for line %d", i, next)
						return
					}
					if err := json.Unmarshal(text, &got); err != nil || got.TaskLog.Node.Number != next {
						t.Errorf("follower %d got line %d, want %d: %v", i, got.TaskLog.Node.Number, next, err)
						return
					}
					after = &got.TaskLog.Cursor
				}
				stream.conn.Close()
			}
		})
	}
	var writing sync.WaitGroup
	for i := range writers {
		through := &client{s: []*server{s, other}[i%2], name: w.name, key: w.key}
		writing.Go(func() {
			for n := range batches {
				lines := []vars{}
				for m := range batch {
					lines = append(lines, vars{"message": fmt.Sprint(i, " ", n*batch+m)})
				}
				errs, err := through.do(nil, `mutation ($t: String!, $l: [TaskLogLineInput!]!) { appendTaskLog(input: {leaseToken: $t, lines: $l}) { lineCount } }`,
					vars{"t": held.ClaimTasks[0].LeaseToken, "l": lines})
				if err != nil || len(errs) > 0 {
					t.Error(err, errs)
				}
			}
		})
	}
	writing.Wait()
	following.Wait()
	for _, e := range s.admin().log() {
		if e.Task != nil && !slices.Contains([]string{"TASK_CREATED", "TASK_READY", "TASK_CLAIMED"}, e.Type) {
			t.Errorf("the lines made a %s", e.Type)
		}
	}
}

package e2e

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// Whoever leaves when readiness is withdrawn has every request answered, what was acknowledged is there afterwards, every
// socket is told when to come back, and the process ends well.
func TestDrainUnderLoad(t *testing.T) {
	t.Parallel()
	s := serve(t, "SHUTDOWN_DELAY=5s", "RATE_PER_SECOND=0") // as in production
	admin := s.admin()
	worker := s.newKey("worker", "AGENT")
	var registered struct {
		RegisterAgent struct{ Agent struct{ ID string } }
	}
	worker.must(&registered, `mutation { registerAgent(input: {name: "idle"}) { agent { id } } }`, nil)

	var streams []*stream
	for range 10 {
		streams = append(streams, admin.mustSubscribe(everything, nil))
	}
	var load sync.WaitGroup
	var reads, writes atomic.Int64
	leave, withdrawn := context.WithCancel(t.Context())
	ask := func(counted *atomic.Int64, query string) func() {
		return func() {
			for leave.Err() == nil {
				if errs, err := admin.do(nil, query, nil); err != nil || len(errs) > 0 {
					t.Errorf("%s: %v %+v", query, err, errs)
					return
				}
				counted.Add(1)
			}
		}
	}
	for range 4 {
		load.Go(ask(&reads, `{ workflows(first: 5) { edges { node { id name tasks(first: 5) { totalCount } } } } }`))
		load.Go(ask(&writes, `mutation { createWorkflow(input: {name: "under load"}) { workflow { id } } }`))
	}
	load.Go(func() {
		worker.must(nil, `mutation ($a: ID!) { claimTasks(input: {agentId: $a, waitSeconds: 30}) { leaseToken } }`, vars{"a": registered.RegisterAgent.Agent.ID})
	})
	for writes.Load() < 50 || reads.Load() < 50 {
		time.Sleep(10 * time.Millisecond) // the load goes on by itself
	}
	begin := time.Now()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for ready := true; ready; {
		response, err := http.Get(s.url + "/readyz")
		if err != nil {
			t.Fatal("the server was gone before it withdrew readiness: ", err)
		}
		response.Body.Close()
		ready = response.StatusCode == http.StatusOK
	}
	withdrawn()
	load.Wait()
	for _, one := range streams {
		for range one.next { // until it ends
		}
		if e, ok := one.end.(*websocket.CloseError); !ok || e.Code != websocket.CloseServiceRestart || !strings.Contains(e.Text, "connect again in") {
			t.Errorf("a socket ended with %v", one.end)
		}
	}
	select {
	case <-s.done:
	case <-time.After(patience):
		t.Fatal("the server does not end")
	}
	t.Logf("%d reads and %d writes answered; all was over after %s", reads.Load(), writes.Load(), time.Since(begin))
	if code := s.process.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	s.start()
	var kept struct{ Workflows struct{ TotalCount int64 } }
	admin.must(&kept, `{ workflows { totalCount } }`, nil)
	if kept.Workflows.TotalCount != writes.Load() {
		t.Errorf("%d workflows are there, %d were acknowledged", kept.Workflows.TotalCount, writes.Load())
	}
}

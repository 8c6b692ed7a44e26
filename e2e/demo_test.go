package e2e

import (
	"bytes"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// The demonstration makes everything happen that a dashboard can show, and leaves no key behind.
func TestTheDemonstration(t *testing.T) {
	t.Parallel()
	s := serve(t)
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	watching := s.admin().mustSubscribe(everything, vars{"after": s.admin().log()[0].Cursor})
	var said bytes.Buffer
	demo := exec.Command(path, "demo", "--url="+s.url, "--workflows-per-minute=240", "--work=100ms", "--failures=0.4", "--suggestions=0.6", "--decide-after=500ms")
	demo.Env, demo.Stdout, demo.Stderr = s.env, &said, &said
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- demo.Wait() }()
	defer demo.Process.Kill()

	missing := map[string]bool{}
	for _, kind := range []string{
		"WORKFLOW_COMPLETED", "WORKFLOW_FAILED", "TASK_PROGRESSED", "TASK_COMPLETED", "TASK_FAILED", "TASK_RETRY_SCHEDULED", "TASK_AWAITING_APPROVAL",
		"SUGGESTION_APPROVED", "SUGGESTION_REJECTED", "SUGGESTION_ANSWERED", "COMMENT_ADDED", "AGENT_STATUS_CHANGED",
	} {
		missing[kind] = true
	}
	watching.until("everything", func(e event) bool { delete(missing, e.Type); return len(missing) == 0 })
	var written struct {
		Suggestions struct {
			Edges []struct{ Node struct{ Blocking bool } }
		}
		Tasks struct {
			Edges []struct {
				Node struct{ Logs struct{ TotalCount int } }
			}
		}
	}
	s.admin().must(&written, `{ suggestions(first: 100) { edges { node { blocking } } }
		tasks(first: 1, filter: {status: {in: [COMPLETED]}}) { edges { node { logs { totalCount } } } } }`, nil)
	blocking := map[bool]bool{}
	for _, e := range written.Suggestions.Edges {
		blocking[e.Node.Blocking] = true
	}
	if len(blocking) != 2 || written.Tasks.Edges[0].Node.Logs.TotalCount == 0 {
		t.Errorf("suggested %v, logged %v", blocking, written.Tasks)
	}

	demo.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("%v:\n%s", err, said.String())
		}
	case <-time.After(patience):
		t.Fatal("the demonstration does not end")
	}
	var left struct {
		APIKeys struct {
			Edges []struct {
				Node struct{ Name, RevokedAt string }
			}
		}
		Tasks struct{ TotalCount int }
	}
	s.admin().must(&left, `{ apiKeys(first: 100) { edges { node { name revokedAt } } } tasks(filter: {status: {in: [IN_PROGRESS]}}) { totalCount } }`, nil)
	for _, e := range left.APIKeys.Edges {
		if e.Node.Name != "admin" && e.Node.RevokedAt == "" {
			t.Errorf("the key %q still works", e.Node.Name)
		}
	}
	if left.Tasks.TotalCount > 0 {
		t.Errorf("%d tasks are still held", left.Tasks.TotalCount)
	}
}

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// The agents of the examples, two processes of each, work through fifty tasks while the server is killed once. What they
// were told is completed is, and once.
func TestTheExamplesOutliveTheServer(t *testing.T) {
	t.Parallel()
	for language, prepare := range map[string]func(*testing.T) *exec.Cmd{"Python": python, "TypeScript": typeScript} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			admin := s.admin()
			admin.createFifty()
			watching := admin.mustSubscribe(everything, vars{"after": admin.log()[0].Cursor})
			agents := []*example{start(s, language+" 1", prepare(t)), start(s, language+" 2", prepare(t))}
			completed := 0
			watching.until("half of the work", func(e event) bool {
				if e.Type == "TASK_COMPLETED" {
					completed++
				}
				return completed == fifty/2
			})
			s.kill()
			s.start()
			watching = admin.mustSubscribe(everything, vars{"after": admin.log()[0].Cursor})
			watching.until("the end of the workflow", func(e event) bool { return e.Type == "WORKFLOW_COMPLETED" })
			acknowledged := map[string]int{}
			for _, a := range agents {
				for _, id := range a.end() {
					acknowledged[id]++
				}
			}
			log := admin.log()
			for _, fault := range faults(log, fifty) {
				t.Error(fault)
			}
			for _, e := range log {
				if e.Type == "TASK_COMPLETED" && acknowledged[e.TaskID] != 1 {
					t.Errorf("the completion of %s was acknowledged %d times", e.Task.Key, acknowledged[e.TaskID])
				}
			}
		})
	}
}

// example is a running agent of the examples.
type example struct {
	t        *testing.T
	process  *exec.Cmd
	out, err bytes.Buffer // complete once the process has ended
}

// start runs an example as an agent of that name.
func start(s *server, name string, command *exec.Cmd) *example {
	s.t.Helper()
	e := &example{t: s.t, process: command}
	command.Env = append(os.Environ(), "WFD_URL="+s.url, "WFD_KEY="+s.newKey(name, "AGENT").key, "WFD_NAME="+name)
	command.Stdout, command.Stderr = &e.out, &e.err
	if err := command.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { command.Process.Kill() }) // which is in vain when it has ended
	return e
}

// end has the agent finish, and gives the tasks whose completion it was told of.
func (e *example) end() (completed []string) {
	e.t.Helper()
	e.process.Process.Signal(syscall.SIGTERM)
	if err := e.process.Wait(); err != nil {
		e.t.Errorf("%v:\n%s", err, e.err.String())
	}
	for line := range strings.Lines(e.out.String()) {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), "completed "); ok {
			completed = append(completed, id)
		}
	}
	return completed
}

func python(t *testing.T) *exec.Cmd {
	return exec.CommandContext(t.Context(), "python3", "../examples/python/agent.py")
}

// typeScript builds the example as its README says, beside the checkout.
func typeScript(t *testing.T) *exec.Cmd {
	t.Helper()
	dir, err := builtTypeScript()
	if err != nil {
		t.Fatal(err)
	}
	return exec.CommandContext(t.Context(), "node", filepath.Join(dir, "agent.js"))
}

var builtTypeScript = sync.OnceValues(func() (dir string, err error) {
	program, err := binary()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(filepath.Dir(program), "typescript")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	for _, file := range []string{"agent.ts", "package.json", "package-lock.json", "tsconfig.json"} {
		text, err := os.ReadFile(filepath.Join("../examples/typescript", file))
		if err := errors.Join(err, os.WriteFile(filepath.Join(dir, file), text, 0o644)); err != nil {
			return "", err
		}
	}
	for _, step := range []string{"npm ci --no-audit --no-fund --prefer-offline", "npm run build"} {
		command := exec.Command("sh", "-c", step)
		command.Dir = dir
		if out, err := command.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w\n%s", step, err, out)
		}
	}
	return dir, nil
})

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// catchUp is the name of the case of many who come back at once.
const catchUp = "B"

const (
	behind     = 10_000                // events that each of them has missed
	probeEvery = 10 * time.Millisecond // between mutations, when they are quick
	quietFor   = 5 * time.Second
)

// catchUp restarts the server and lets many sockets come back at once, each far behind, while others go on changing
// things. What counts is how long these wait then, against how long they wait in quiet.
func (w *world) catchUp(ctx context.Context) error {
	p, err := w.start(ctx, wfd)
	if p != nil && p.command.Process != nil {
		defer func() { p.stop() }()
	}
	if err != nil {
		return err
	}
	keys, err := makeKeys(p, w.sockets/socketsPerKey+1)
	if err != nil {
		return err
	}
	watched, err := makeWatched(p.address)
	if err != nil {
		return err
	}
	probed, err := makeWatched(p.address)
	if err != nil {
		return err
	}
	if err := watched.change(p.address, behind); err != nil {
		return err
	}
	p.stop()
	again, err := w.start(ctx, wfd)
	if again != nil && again.command.Process != nil {
		p = again
	}
	if err != nil {
		return err
	}
	change := graphqlPublisher(probed)
	idle, err := residentMemory(p.command.Process.Pid, "VmRSS")
	if err != nil {
		return err
	}
	quiet, err := probe(p.address, change, time.After(quietFor))
	if err != nil {
		return err
	}
	before, err := usageOf(p.command.Process.Pid)
	if err != nil {
		return err
	}
	done, result := make(chan time.Time, 1), crowdResult{}
	go func() {
		result, err = sendCrowd(ctx, crowdOrder{Address: p.address, Keys: keys, Sockets: w.sockets, Subscribe: watched.subscribe(watched.cursor), Events: behind})
		done <- time.Now()
	}()
	profiling := make(chan error, 1)
	go func() { profiling <- w.profiled(catchUp, p, func(time.Duration) error { return nil }) }()
	busy, probeErr := probe(p.address, change, done)
	if err = errors.Join(probeErr, err, <-profiling); err != nil {
		return err
	}
	after, err := usageOf(p.command.Process.Pid)
	if err != nil {
		return err
	}
	most, err := residentMemory(p.command.Process.Pid, "VmHWM")
	if err != nil {
		return err
	}
	messages := float64(w.sockets) * behind
	fmt.Printf("\n%s: %d sockets come back at once after a restart, each %d events behind\n", catchUp, w.sockets, behind)
	fmt.Printf("  all have caught up after %.1f s (%.0f messages/s, %.2f µs of the server each); %d were told that they are slow, and resumed\n",
		result.Seconds, messages/result.Seconds, microseconds(after.sub(before).ran)/messages, result.Resumed)
	fmt.Printf("  a mutation meanwhile takes p50 %.1f ms, p99 %.1f ms (%d of them); in quiet p50 %.1f ms, p99 %.1f ms: p99 %.1f times as long\n",
		milliseconds(at(busy, 50)), milliseconds(at(busy, 99)), len(busy), milliseconds(at(quiet, 50)), milliseconds(at(quiet, 99)),
		milliseconds(at(busy, 99))/milliseconds(at(quiet, 99)))
	fmt.Printf("  memory of the server: %.0f MiB before, %.0f MiB at most\n", idle, most)
	return nil
}

// watched is an agent that events are made about: tasks are reserved for it, and change.
type watched struct {
	agent, cursor string
	tasks         []string // one for each lane
}

func makeWatched(address string) (w watched, err error) {
	c, err := dial(address)
	if err != nil {
		return w, err
	}
	defer c.conn.Close()
	var made struct {
		Data struct {
			RegisterAgent  struct{ Agent struct{ ID string } }
			CreateWorkflow struct {
				Cursor   string
				Workflow struct {
					Tasks struct {
						Edges []struct{ Node struct{ ID string } }
					}
				}
			}
		}
	}
	answer, err := c.do(request(`mutation ($name: String!) { registerAgent(input: {name: $name}) { agent { id } } }`, map[string]any{"name": rand.Text()}))
	if err != nil || json.Unmarshal(answer, &made) != nil || made.Data.RegisterAgent.Agent.ID == "" {
		return w, fmt.Errorf("make an agent: %s: %w", answer, err)
	}
	w.agent = made.Data.RegisterAgent.Agent.ID
	answer, err = c.do(request(`mutation ($tasks: [NewTaskInput!]) { createWorkflow(input: {name: "Watched", tasks: $tasks}) {
		cursor workflow { tasks { edges { node { id } } } } } }`, map[string]any{"tasks": newTasks(lanes, "Sort", w.agent)}))
	if err != nil || json.Unmarshal(answer, &made) != nil || len(made.Data.CreateWorkflow.Workflow.Tasks.Edges) < lanes {
		return w, fmt.Errorf("make a workflow: %s: %w", answer, err)
	}
	w.cursor = made.Data.CreateWorkflow.Cursor
	for _, edge := range made.Data.CreateWorkflow.Workflow.Tasks.Edges {
		w.tasks = append(w.tasks, edge.Node.ID)
	}
	return w, nil
}

// newTasks are tasks to be made, reserved for an agent.
func newTasks(n int, name, agent string) (tasks []map[string]any) {
	for i := range n {
		tasks = append(tasks, map[string]any{"key": strconv.Itoa(i), "name": name, "agentId": agent})
	}
	return tasks
}

// subscribe is the message that subscribes to the agent's tasks, after the cursor or, without one, from now on.
func (w watched) subscribe(after string) []byte {
	variables := map[string]any{"id": w.agent}
	if after != "" {
		variables["after"] = after
	}
	text, _ := json.Marshal(map[string]any{"id": "1", "type": "subscribe", "payload": map[string]any{"query": taskEvents, "variables": variables}})
	return text // which no string fails
}

// change makes so many events.
func (w watched) change(address string, events int) error {
	const batch = 10
	c, err := dial(address)
	if err != nil {
		return err
	}
	defer c.conn.Close()
	publish := graphqlPublisher(w)
	for i := range events / batch {
		if err := c.must(publish(i%lanes, batch)); err != nil {
			return fmt.Errorf("make events: %w", err)
		}
	}
	return nil
}

// probe makes one mutation after another until told, and gives how long each took, sorted.
func probe(address string, publish func(lane, times int) []byte, until <-chan time.Time) (took []time.Duration, err error) {
	c, err := dial(address)
	if err != nil {
		return nil, err
	}
	defer c.conn.Close()
	pace := time.NewTicker(probeEvery)
	defer pace.Stop()
	for {
		select {
		case <-until:
			slices.Sort(took)
			return took, nil
		case <-pace.C:
		}
		start := time.Now()
		err := c.must(publish(0, 1))
		took = append(took, time.Since(start))
		if err != nil {
			return took, err
		}
	}
}

// at is a percentile of what is sorted.
func at(sorted []time.Duration, percent int) time.Duration { return sorted[len(sorted)*percent/100] }

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// residentMemory gives a line of the kernel's account of a process, in MiB.
func residentMemory(pid int, line string) (mib float64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	found := regexp.MustCompile(line + `:\s+(\d+) kB`).FindSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("no %s of process %d", line, pid)
	}
	kib, err := strconv.ParseFloat(string(found[1]), 64)
	return kib / 1024, err
}

// sendCrowd has a process of its own be the sockets. In the world they are other machines, so that it leaves the core to
// PostgreSQL and to those who measure, as far as it can.
func sendCrowd(ctx context.Context, order crowdOrder) (result crowdResult, err error) {
	path, err := os.Executable()
	if err != nil {
		return result, err
	}
	text, err := json.Marshal(order)
	if err != nil {
		return result, err
	}
	command := exec.CommandContext(ctx, "taskset", "-c", strconv.Itoa(loadCore), path, crowd)
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var out bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(string(text)), &out, os.Stderr
	if err := command.Start(); err != nil {
		return result, err
	}
	prefer(command.Process.Pid, patient)
	if err := command.Wait(); err != nil {
		return result, fmt.Errorf("the crowd: %w", err)
	}
	return result, json.Unmarshal(out.Bytes(), &result)
}

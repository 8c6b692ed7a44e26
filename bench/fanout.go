package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"syscall"
	"text/tabwriter"
	"time"
)

// fanOut is the name of the case of many sockets with one subscription.
const fanOut = "F"

// writer is another replica, which makes the events: what that costs is not what it costs to tell of them.
var writer = contender{name: "writer", program: wfd.program, core: loadCore}

const taskEvents = `subscription ($id: ID!, $after: EventCursor) { taskEvents(agentId: $id, after: $after) {
	id cursor at type task { id name status progress version updatedAt } } }`

// fanOutContenders is how many take part, each with all the sockets.
func (o *options) fanOutContenders() int {
	if o.stock {
		return 3
	}
	return 2
}

// fanFigures are what one contender took in one round.
type fanFigures struct {
	floodCPU, floodRate float64 // µs of the server and messages a second, as fast as they are taken
	steadyCPU           float64 // µs of the server a message, at 10 events a second
	p99                 float64 // ms from the place of an event in the log until a socket has it
	whole               float64 // the same from the change that makes it
}

// fanOut has the contenders tell many sockets of the same events, as fast as they can and at a steady pace.
func (w *world) fanOut(ctx context.Context) error {
	contenders := []contender{relay, wfd, stock}[:w.fanOutContenders()]
	all := make([]*audience, len(contenders))
	idle := make([]float64, len(contenders))
	var message []byte
	var beside *process
	writer, err := w.start(ctx, writer)
	if writer != nil && writer.command.Process != nil {
		defer writer.stop()
	}
	if err != nil {
		return err
	}
	keys, err := makeKeys(writer, w.sockets/socketsPerKey+2)
	if err != nil {
		return err
	}
	for n := range contenders {
		i := (n + 1) % len(contenders) // the relay last: what it repeats comes from the server
		p, err := w.start(ctx, contenders[i])
		if p != nil && p.command.Process != nil {
			defer p.stop()
		}
		if err != nil {
			return err
		}
		publish, subscribe := relayPublisher(message), []byte(`{"type":"subscribe"}`)
		if i > 0 {
			if publish, subscribe, message, err = subscription(ctx, writer, p, keys[len(keys)-1]); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
		empty, err := p.inUse()
		if err != nil {
			return err
		}
		a, err := gather(ctx, p, w.sockets, keys, subscribe)
		defer a.close()
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		a.publish, a.teller, all[i] = publish, p.address, a
		if contenders[i].name == stock.name {
			beside = p
		}
		if i > 0 {
			a.teller = writer.address
		}
		if err := a.begin(ctx); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		full, err := p.inUse()
		if err != nil {
			return err
		}
		idle[i] = (full - empty) / float64(w.sockets)
	}
	for _, a := range all {
		a.beside = beside
	}
	results := make([][]fanFigures, len(all))
	for round := range w.rounds + 1 {
		for i := range all {
			at := (i + round) % len(all)
			f, err := w.fanRound(ctx, all[at])
			if err != nil {
				return fmt.Errorf("%s: %w", all[at].name, err)
			}
			if round > 0 {
				results[at] = append(results[at], f)
			}
		}
	}
	w.reportFanOut(contenders, results, idle, len(message))
	return w.fanProfiles(ctx, all)
}

func (w *world) fanProfiles(ctx context.Context, all []*audience) error {
	for _, a := range all {
		if err := a.open(); err != nil {
			return err
		}
		err := w.profiled(fanOut+"-flood", a.process, func(d time.Duration) error {
			_, err := a.flood(ctx, d)
			return err
		})
		if err != nil {
			return err
		}
		err = w.profiled(fanOut+"-steady", a.process, func(d time.Duration) error {
			_, err := a.steady(ctx, w, int(d/steadyEvery))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// begin makes events until all who subscribed have one: it takes them a moment to be there.
func (a *audience) begin(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := a.open(); err != nil {
		return err
	}
	for all := int64(len(a.sockets)); ; {
		before := a.received.Load()
		if err := a.tell(0, 1); err != nil {
			return err
		}
		short, stop := context.WithTimeout(ctx, 3*time.Second)
		err := a.await(short, before+all)
		stop()
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
}

func (w *world) fanRound(ctx context.Context, a *audience) (f fanFigures, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := a.open(); err != nil {
		return f, err
	}
	if err := a.hush(syscall.SIGSTOP); err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, a.hush(syscall.SIGCONT)) }()
	cpu := func(do func() (int, error)) (perMessage float64, err error) {
		before, err := usageOf(a.command.Process.Pid)
		if err != nil {
			return 0, err
		}
		done, err := do()
		if err != nil {
			return 0, err
		}
		after, err := usageOf(a.command.Process.Pid)
		return microseconds(after.sub(before).ran) / float64(done), err
	}
	f.floodCPU, err = cpu(func() (int, error) {
		start := time.Now()
		done, err := a.flood(ctx, w.round)
		f.floodRate = float64(done) / time.Since(start).Seconds()
		return done, err
	})
	if err != nil {
		return f, fmt.Errorf("flood: %w", err)
	}
	f.steadyCPU, err = cpu(func() (int, error) {
		const events = 10
		all, err := a.steady(ctx, w, events)
		if err == nil {
			f.p99, f.whole = p99(all.placed), p99(all.taken)
		}
		return events * len(a.sockets), err
	})
	if err != nil {
		return f, fmt.Errorf("steady: %w", err)
	}
	return f, nil
}

// hush stops the process beside while another is measured, or lets it go on: it reads the same log on the same core, which
// costs the server part of its time, and the broadcast none.
func (a *audience) hush(how syscall.Signal) error {
	if a.beside == nil || a.beside == a.process {
		return nil
	}
	return a.beside.command.Process.Signal(how)
}

// makeKeys gives keys, so that no caller has more sockets than one may.
func makeKeys(p *process, n int) (keys []string, err error) {
	c, err := dial(p.address)
	if err != nil {
		return nil, err
	}
	defer c.conn.Close()
	for i := range n {
		answer, err := c.do(request(`mutation ($name: String!) { createApiKey(input: {name: $name, role: ADMIN}) { secret } }`, map[string]any{"name": "Socket " + strconv.Itoa(i)}))
		var made struct {
			Data struct{ CreateApiKey struct{ Secret string } }
		}
		if err != nil || json.Unmarshal(answer, &made) != nil || made.Data.CreateApiKey.Secret == "" {
			return nil, fmt.Errorf("make a key: %s: %w", answer, err)
		}
		keys = append(keys, made.Data.CreateApiKey.Secret)
	}
	return keys, nil
}

// subscription makes a workflow for a contender: how events about it are made, how one subscribes to them, and one as
// it is told.
func subscription(ctx context.Context, writer, p *process, key string) (publish func(lane, times int) []byte, subscribe, message []byte, err error) {
	made, err := makeWatched(writer.address)
	if err != nil {
		return nil, nil, nil, err
	}
	c, err := dial(writer.address)
	if err != nil {
		return nil, nil, nil, err
	}
	defer c.conn.Close()
	publish = graphqlPublisher(made)
	message, err = first(ctx, p, key, made.subscribe(made.cursor), func() error { _, err := c.do(publish(0, 1)); return err })
	return publish, made.subscribe(""), message, err
}

var inUse = regexp.MustCompile(`(?m)^# (HeapAlloc|Stack) = (\d+)`)

// inUse is what a process has on its heap after a collection and on its stacks.
func (p *process) inUse() (bytes float64, err error) {
	response, err := http.Get("http://" + p.probe + "/debug/pprof/heap?debug=1&gc=1")
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	for _, found := range inUse.FindAllSubmatch(text, -1) {
		n, _ := strconv.ParseFloat(string(found[2]), 64)
		bytes += n
	}
	return bytes, err
}

func (w *world) reportFanOut(contenders []contender, results [][]fanFigures, idle []float64, size int) {
	fmt.Printf("\n%s: %d sockets with the same subscription, events of %d bytes\n", fanOut, w.sockets, size)
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "\tflood CPU\tratio\trate\tratio\tat 10/s CPU\tratio\tp99\tratio\tfrom the change\tratio\tmemory a socket\t")
	for i, c := range contenders {
		fmt.Fprintf(out, "%s\t", c.name)
		for _, column := range []struct {
			format string
			value  func(fanFigures) float64
		}{
			{"%.2f µs", func(f fanFigures) float64 { return f.floodCPU }}, {"%.0f/s", func(f fanFigures) float64 { return f.floodRate }},
			{"%.2f µs", func(f fanFigures) float64 { return f.steadyCPU }}, {"%.1f ms", func(f fanFigures) float64 { return f.p99 }},
			{"%.1f ms", func(f fanFigures) float64 { return f.whole }},
		} {
			var values, against []float64
			for round, f := range results[i] {
				values = append(values, column.value(f))
				against = append(against, column.value(f)/column.value(results[0][round]))
			}
			fmt.Fprintf(out, column.format+"\t%.2f\t", median(values), median(against))
		}
		fmt.Fprintf(out, "%.1f KiB\t\n", idle[i]/1024)
	}
	out.Flush()
	for _, c := range contenders {
		fmt.Printf("  %s: %s\n", c.name, c.about)
	}
}

package event_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"workflowfactory/event"
	"workflowfactory/model"
	"workflowfactory/relay"
)

// natsStore makes this test binary a server of NATS that keeps its streams in that folder; natsPort is where it listens.
const (
	natsStore = "WFD_TEST_NATS_STORE"
	natsPort  = "WFD_TEST_NATS_PORT"
)

func runNATS(store string) error {
	port, err := strconv.Atoi(os.Getenv(natsPort))
	if err != nil {
		return err
	}
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: store, NoSigs: true, NoLog: true})
	if err != nil {
		return err
	}
	go s.Start()
	if !s.ReadyForConnections(30 * time.Second) {
		return fmt.Errorf("NATS does not start")
	}
	fmt.Println("ready")
	s.WaitForShutdown()
	return nil
}

// broker is a server of NATS in a process of its own.
type broker struct {
	t           *testing.T
	store, port string
	cmd         *exec.Cmd
}

func startBroker(t *testing.T) *broker {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	b := &broker{t: t, store: t.TempDir(), port: port}
	b.start()
	t.Cleanup(b.kill)
	return b
}

func (b *broker) url() string { return "nats://127.0.0.1:" + b.port }

func (b *broker) start() {
	b.t.Helper()
	b.cmd = exec.Command(os.Args[0])
	b.cmd.Env = append(os.Environ(), natsStore+"="+b.store, natsPort+"="+b.port)
	b.cmd.Stderr = b.t.Output()
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.HasPrefix(line, "ready") {
		b.t.Fatalf("NATS says %q: %v", line, err)
	}
}

// kill is kill -9.
func (b *broker) kill() {
	b.cmd.Process.Kill()
	b.cmd.Wait()
}

func (b *broker) connect() event.Relay {
	b.t.Helper()
	n, err := relay.Connect(b.url(), slog.New(slog.NewTextHandler(b.t.Output(), nil)))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(n.Close)
	return n
}

// counted counts how often the log is read.
type counted struct {
	event.Log
	reads *atomic.Int64
}

func (c counted) Read(ctx context.Context, r model.LogRange, f model.EntryFilter) ([]*model.Entry, model.LogState, error) {
	c.reads.Add(1)
	return c.Log.Read(ctx, r, f)
}

// member is a replica with somebody who watches its whole stream live.
type member struct {
	*node
	reads atomic.Int64

	mu     sync.Mutex // protects stream
	stream []delivery
}

// fleet starts replicas that share a relay. One leads, and the relay has reached every one of them.
func (w *world) fleet(n int, o event.Options, connect func() event.Relay) []*member {
	w.t.Helper()
	members := make([]*member, n)
	for i := range members {
		m := &member{}
		o.Relay = connect()
		m.node = w.nodeOn(o, func(l event.Log) event.Log { return counted{l, &m.reads} })
		members[i] = m
		entries := m.Subscribe(w.t.Context(), event.Subscription{After: &model.Cursor{}})
		go func() {
			for e, err := range entries {
				if err != nil {
					return
				}
				m.mu.Lock()
				m.stream = append(m.stream, deliveryOf(e))
				m.mu.Unlock()
			}
		}()
	}
	for _, m := range members {
		w.until("the relay reaches a replica", func() bool { return m.Stats().Following })
	}
	w.until("a replica leads", func() bool { return leaderOf(members) != nil })
	return members
}

func leaderOf(members []*member) *member {
	for _, m := range members {
		if m.Stats().Leading {
			return m
		}
	}
	return nil
}

func (m *member) reached() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(len(m.stream))
}

// until waits for something that comes without a signal.
func (w *world) until(what string, holds func() bool) {
	w.t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("in vain: %s", what)
		}
	}
}

// check wants every member to have seen the same exact history, some of it by the relay.
func (c *crew) check(members []*member) {
	c.w.t.Helper()
	head, err := members[0].db.Events().Sequence(c.w.t.Context())
	if err != nil {
		c.w.t.Fatal(err)
	}
	var streams [][]delivery
	relayed := int64(0)
	for _, m := range members {
		c.w.until("the end of the log", func() bool { return m.reached() >= head })
		streams = append(streams, m.stream)
		relayed += m.Stats().Relayed
	}
	for property, example := range violations(c.ledger, streams...) {
		c.w.t.Errorf("%s: %s", property, example)
	}
	if relayed == 0 {
		c.w.t.Error("the relay brought nothing")
	}
	c.w.t.Logf("%d events of %d transactions, %d deliveries between replicas by the relay", head, len(c.commits), relayed)
}

func TestFollowersReadFromNATSInsteadOfTheDatabase(t *testing.T) {
	t.Parallel()
	w, b := newWorld(t), startBroker(t)
	// With all the time in the world for the relay, what is read is read for another reason than that the machine is busy.
	members := w.fleet(3, event.Options{RelayGrace: time.Hour}, b.connect)
	leader := leaderOf(members)
	before := map[*member]int64{}
	for _, m := range members {
		before[m] = m.reads.Load()
	}
	var last model.Cursor
	for range 200 {
		last = w.position(leader.node, w.write(1))
	}
	for _, m := range members {
		w.until("the last event", func() bool { return m.reached() >= last.Position })
		reads, relayed := m.reads.Load()-before[m], m.Stats().Relayed
		t.Logf("leading: %t, reads: %d, relayed: %d", m == leader, reads, relayed)
		if m != leader && (relayed == 0 || reads > 100) {
			t.Errorf("a follower read the database %d times for 200 events, and got %d of them by the relay", reads, relayed)
		}
	}
}

// E1 to E8 with NATS, which is killed with kill -9 and comes back twice, the second time with nothing.
func TestNothingIsLostWithNATSKilled(t *testing.T) {
	t.Parallel()
	w, b := newWorld(t), startBroker(t)
	members := w.fleet(3, event.Options{}, b.connect)
	c := w.startCrew(8, func() { members[rand.IntN(3)].Kick() })
	for outage := range 2 {
		time.Sleep(*soak / 6)
		b.kill()
		time.Sleep(*soak / 6)
		if outage == 1 {
			b.store = t.TempDir()
		}
		b.start()
		for _, m := range members {
			w.until("the relay reaches a replica again", func() bool { return m.Stats().Following })
		}
	}
	time.Sleep(*soak / 3)
	c.stop()
	c.check(members)
}

// rumour is a relay that loses, repeats, holds back and reorders what it is given.
type rumour struct {
	mu    sync.Mutex // protects takes and held
	takes map[*rumourEnd]func(event.Batch)
	held  []event.Batch
}

type rumourEnd struct{ *rumour }

func (r rumourEnd) Publish(_ context.Context, _ string, b event.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if chance(20) {
		return nil
	}
	r.held = append(r.held, b)
	if chance(20) {
		return nil
	}
	rand.Shuffle(len(r.held), func(i, j int) { r.held[i], r.held[j] = r.held[j], r.held[i] })
	for _, b := range r.held {
		for _, take := range r.takes {
			take(b)
			if chance(20) {
				take(b)
			}
		}
	}
	r.held = r.held[:0]
	return nil
}

func (r *rumourEnd) Follow(ctx context.Context, _ string, connected func(), take func(event.Batch)) error {
	r.mu.Lock()
	r.takes[r] = take
	r.mu.Unlock()
	connected()
	<-ctx.Done()
	r.mu.Lock()
	delete(r.takes, r)
	r.mu.Unlock()
	return ctx.Err()
}

func TestARelayThatLosesRepeatsAndReorders(t *testing.T) {
	t.Parallel()
	w, r := newWorld(t), &rumour{takes: map[*rumourEnd]func(event.Batch){}}
	members := w.fleet(3, event.Options{}, func() event.Relay { return &rumourEnd{r} })
	c := w.startCrew(8, func() { members[rand.IntN(3)].Kick() })
	time.Sleep(*soak)
	c.stop()
	c.check(members)
}

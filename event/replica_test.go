package event_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"workflowfactory/db"
	"workflowfactory/event"
	"workflowfactory/model"
	"workflowfactory/relay"
)

// A replica in a process of its own is this test binary, told by these variables what to do.
const (
	replicaURL     = "WFD_TEST_REPLICA_URL"
	replicaAfter   = "WFD_TEST_REPLICA_AFTER"
	replicaRoamers = "WFD_TEST_REPLICA_ROAMERS"
	replicaNATS    = "WFD_TEST_REPLICA_NATS"
)

func TestMain(m *testing.M) {
	for variable, run := range map[string]func(string) error{replicaURL: runReplica, natsStore: runNATS} {
		if value := os.Getenv(variable); value != "" {
			if err := run(value); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			return
		}
	}
	os.Exit(m.Run())
}

// report is a line that a replica prints: a delivery, or what is wrong.
type report struct {
	delivery
	Wrong string
}

// runReplica prints the stream after a cursor, until it is killed. Beside that it has subscribers that leave and resume,
// each of which makes sure that it misses nothing.
func runReplica(url string) error {
	after, err := model.ParseCursor(os.Getenv(replicaAfter))
	if err != nil {
		return err
	}
	var roamers int
	if _, err := fmt.Sscan(os.Getenv(replicaRoamers), &roamers); err != nil {
		return err
	}
	ctx := context.Background()
	d, err := db.Open(ctx, url, db.Options{PoolSize: 2})
	for err != nil { // PostgreSQL may be down just now
		time.Sleep(20 * time.Millisecond)
		d, err = db.Open(ctx, url, db.Options{PoolSize: 2})
	}
	options := event.Options{Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)), RingEntries: 256}
	if url := os.Getenv(replicaNATS); url != "" {
		if options.Relay, err = relay.Connect(url, options.Logger); err != nil {
			return err
		}
	}
	feed := event.New(d.Events(), options)
	go feed.Run(ctx)
	out := &printer{to: json.NewEncoder(os.Stdout)}
	for range roamers {
		go func() { out.print(report{Wrong: roamAlone(ctx, feed).Error()}) }()
	}
	for e, err := range feed.Subscribe(ctx, event.Subscription{After: &after}) {
		if err != nil {
			return err
		}
		out.print(report{delivery: deliveryOf(e)})
	}
	return nil
}

type printer struct {
	mu sync.Mutex // protects to
	to *json.Encoder
}

func (p *printer) print(r report) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to.Encode(r)
}

// roamAlone leaves and resumes for ever, or until something is wrong.
func roamAlone(ctx context.Context, feed *event.Feed) error {
	cursor, err := feed.Head(ctx)
	for err == nil {
		stay, cancel := context.WithTimeout(ctx, rand.N(200*time.Millisecond))
		for e, ended := range feed.Subscribe(stay, event.Subscription{After: &cursor}) {
			if ended != nil {
				if stay.Err() == nil {
					err = ended
				}
				break
			}
			if e.Position != cursor.Position+1 {
				err = fmt.Errorf("position %d after %d", e.Position, cursor.Position)
				break
			}
			cursor = e.Cursor()
		}
		cancel()
	}
	return err
}

// process is a replica as its killer sees it.
type process struct {
	t       *testing.T
	url     string
	nats    string
	roamers int
	cmd     *exec.Cmd
	read    chan struct{} // closed when all that it printed has been read

	mu     sync.Mutex // protects what follows
	stream []delivery
	wrong  []string
	kills  int
}

func startReplica(t *testing.T, url, nats string, roamers int) *process {
	t.Helper()
	p := &process{t: t, url: url, nats: nats, roamers: roamers}
	p.start()
	t.Cleanup(p.kill)
	return p
}

// start lets a new process go on where the last one was killed.
func (p *process) start() {
	p.t.Helper()
	after := model.Cursor{Epoch: 1, Position: p.reached()}
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), replicaURL+"="+p.url, replicaAfter+"="+after.String(), fmt.Sprintf("%s=%d", replicaRoamers, p.roamers), replicaNATS+"="+p.nats)
	p.cmd.Stderr = p.t.Output()
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.read = make(chan struct{})
	go func() {
		defer close(p.read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var r report
			if json.Unmarshal(lines.Bytes(), &r) == nil { // the last line may be cut short
				p.add(r)
			}
		}
	}()
}

func (p *process) add(r report) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Wrong != "" {
		p.wrong = append(p.wrong, r.Wrong)
		return
	}
	p.stream = append(p.stream, r.delivery)
}

func (p *process) reached() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.stream) == 0 {
		return 0
	}
	return p.stream[len(p.stream)-1].Position
}

// kill ends the process with kill -9 and reads what it had printed.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.read
	p.cmd.Wait()
	p.kills++
}

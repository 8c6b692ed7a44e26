// Command bench measures the server next to the least that any server could do and next to its own parts as they come
// off the shelf, all in one run: each round asks every contender in turn, so that what else the machine does strikes all
// of them alike. What counts are the ratios.
//
// Servers have one core, the load and PostgreSQL another. CPU is the operating system's accounting of the processes.
//
//	go run ./bench              every case
//	go run ./bench -run R1      one of them; F is many sockets, as many as -sockets says, B is that they all come back at once, A is agents that wait
//	go run ./bench -run F -sockets 10000 -stock=false   very many sockets
//	go run ./bench -profile DIR also write profiles of each contender in each case
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"
)

const (
	serverCore = 0
	loadCore   = 1

	urgent  = -15 // the niceness of what is measured
	patient = 10  // and of what should be on other machines

	otherFiles = 200 // than the sockets
)

// options are what the command line says.
type options struct {
	run     *regexp.Regexp
	rounds  int
	round   time.Duration
	profile string
	sockets int
	stock   bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run is one of our own contenders when its name is the first argument, and else the whole comparison.
func run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		if serve, ok := builtIn[args[0]]; ok {
			return serve(ctx)
		}
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	if err := pin(os.Getpid(), loadCore); err != nil {
		return fmt.Errorf("keep the load on core %d: %w", loadCore, err)
	}
	if err := allowFiles(o.fanOutContenders()*o.sockets + otherFiles); err != nil {
		return err
	}
	prefer(os.Getpid(), urgent)
	defer prefer(os.Getpid(), 0)
	w, err := newWorld(ctx, o)
	if err != nil {
		return err
	}
	defer w.close()
	describeMachine(os.Stdout, o)
	for _, c := range cases {
		if !o.run.MatchString(c.name) {
			continue
		}
		if err := w.compare(ctx, c); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	if o.run.MatchString(fanOut) {
		if err := w.fanOut(ctx); err != nil {
			return fmt.Errorf("%s: %w", fanOut, err)
		}
	}
	if o.run.MatchString(waiting) {
		if err := w.wait(ctx); err != nil {
			return fmt.Errorf("%s: %w", waiting, err)
		}
	}
	if o.run.MatchString(catchUp) {
		if err := w.catchUp(ctx); err != nil {
			return fmt.Errorf("%s: %w", catchUp, err)
		}
	}
	return nil
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	which := flags.String("run", "", "only the cases whose name matches this regular expression")
	flags.IntVar(&o.rounds, "rounds", 7, "rounds of each case")
	flags.DurationVar(&o.round, "round", 700*time.Millisecond, "how long each contender is asked in a round")
	flags.StringVar(&o.profile, "profile", "", "folder for profiles of each contender in each case")
	flags.IntVar(&o.sockets, "sockets", 1000, "how many sockets listen to the same")
	flags.BoolVar(&o.stock, "stock", true, "have gqlgen's own transport take part with many sockets, which takes its time with very many")
	if err = flags.Parse(args); err != nil {
		return o, err
	}
	o.run, err = regexp.Compile(*which)
	return o, err
}

// log is for what goes wrong on the way.
var log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))

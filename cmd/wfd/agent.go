package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"time"

	"workflowfactory/agent"
	"workflowfactory/demo"
)

// ServerAddress says which server to speak to.
type ServerAddress struct {
	URL string `env:"WFD_URL" default:"http://127.0.0.1:8000" help:"The server."`
}

// Pretence says how agents pretend to work.
type Pretence struct {
	Work        time.Duration `default:"4s" help:"How long a task takes, on average."`
	Failures    float64       `default:"0.1" help:"The share of tasks that fail, most of them once; 0 to 1."`
	Suggestions float64       `default:"0.2" help:"The share of tasks about which people are asked; 0 to 1."`
	Grace       time.Duration `default:"10s" help:"How long tasks may take to finish after a SIGTERM; then they are given back."`
}

// Validate says what does not fit.
func (p Pretence) Validate() error {
	for name, share := range map[string]float64{"failures": p.Failures, "suggestions": p.Suggestions} {
		if share < 0 || share > 1 {
			return fmt.Errorf("--%s: %v is not from 0 to 1", name, share)
		}
	}
	if p.Work < 0 || p.Grace < 0 {
		return errors.New("--work and --grace cannot be negative")
	}
	return nil
}

func (p Pretence) work() demo.Work {
	return demo.Work{Duration: p.Work, Failures: p.Failures, Suggestions: p.Suggestions}
}

type agentCommand struct {
	ServerAddress
	Pretence
	Key          secret        `env:"WFD_KEY" help:"A key of role AGENT, which becomes this agent's own."`
	Name         string        `default:"Demo Worker" help:"Its name; the same name is the same agent."`
	Capabilities []string      `help:"What it can do, separated by commas. It gets tasks that require nothing else."`
	Concurrency  int           `default:"1" help:"How many tasks it does at the same time."`
	Heartbeat    time.Duration `default:"5s" help:"How often it says that it is alive, in whole seconds."`
}

// Run works until a signal.
func (c *agentCommand) Run(ctx context.Context, log *slog.Logger) error {
	if c.Key == "" {
		return errors.New("WFD_KEY is needed, a key of role AGENT: wfd key create '" + c.Name + "' prints one")
	}
	log.Info("at work", "agent", c.Name, "server", c.URL, "capabilities", c.Capabilities)
	return agent.Run(ctx, agent.Options{
		URL: c.URL, Key: string(c.Key), Name: c.Name, Description: "A worker that pretends.", Capabilities: c.Capabilities,
		Concurrency: c.Concurrency, Heartbeat: c.Heartbeat, Grace: c.Grace, Log: log,
	}, c.work().Do)
}

type demoCommand struct {
	ServerAddress
	Pretence
	Key                secret        `env:"WFD_KEY,ADMIN_API_KEY" help:"A key of role ADMIN. Without it that of a server in development on this machine."`
	DataDir            string        `env:"WFD_DATA_DIR" placeholder:"DIR" help:"Where a server in development keeps its key."`
	Agents             int           `default:"6" help:"How many agents work."`
	WorkflowsPerMinute float64       `default:"6" help:"How many workflows arrive a minute."`
	DecideAfter        time.Duration `default:"20s" help:"How long people may leave a suggestion before a made-up colleague decides; 0 for ever."`
	For                time.Duration `help:"How long to play; until a signal without."`
}

// Validate says what does not fit.
func (c *demoCommand) Validate() error {
	switch {
	case c.Agents < 1 || c.Agents > 100:
		return fmt.Errorf("--agents: %d is not from 1 to 100", c.Agents)
	case c.WorkflowsPerMinute <= 0 || c.WorkflowsPerMinute > 6000:
		return fmt.Errorf("--workflows-per-minute: %v is not above 0 and at most 6000", c.WorkflowsPerMinute)
	case c.DecideAfter < 0 || c.For < 0:
		return errors.New("--decide-after and --for cannot be negative")
	}
	return c.Pretence.Validate()
}

// Run plays the demonstration.
func (c *demoCommand) Run(ctx context.Context, log *slog.Logger) error {
	key, err := c.key()
	if err != nil {
		return err
	}
	if c.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.For)
		defer cancel()
	}
	return demo.Fleet{
		URL: c.URL, Key: key, Agents: c.Agents, PerMinute: c.WorkflowsPerMinute, DecideAfter: c.DecideAfter, Work: c.work(),
		Grace: c.Grace, Log: log,
	}.Run(ctx)
}

// key is the one given, or that of a server in development on this machine.
func (c *demoCommand) key() (string, error) {
	if c.Key != "" {
		return string(c.Key), nil
	}
	dir, err := Database{DataDir: c.DataDir}.dir()
	if err != nil {
		return "", err
	}
	key, err := readKey(filepath.Join(dir, "admin-key"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", errors.New("WFD_KEY is needed, a key of role ADMIN; a server in development keeps one, but none was started here (wfd serve)")
	}
	return key, err
}

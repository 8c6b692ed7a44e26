// Command wfd is Workflow Factory: the server and everything to look after it with.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/alecthomas/kong"
	"github.com/joho/godotenv"
)

// program is the command line.
type program struct {
	General

	Serve     serveCommand     `cmd:"" help:"Run the server."`
	Migrate   migrateCommand   `cmd:"" help:"Bring the database's schema up, or back."`
	Seed      seedCommand      `cmd:"" help:"Load demonstration data, once."`
	User      userCommand      `cmd:"" help:"Make, list and deactivate the accounts of people."`
	Key       keyCommand       `cmd:"" help:"Create, list and revoke API keys."`
	Events    eventsCommand    `cmd:"" help:"Export the event log."`
	Audit     auditCommand     `cmd:"" help:"Check that the event log was not changed, and print what to check it against later."`
	Agent     agentCommand     `cmd:"" help:"Run an agent that pretends to work, to try things out with."`
	Demo      demoCommand      `cmd:"" help:"Have several such agents work on workflows that keep arriving, until a signal."`
	Schema    schemaCommand    `cmd:"" help:"Print the GraphQL schema."`
	Config    configCommand    `cmd:"" help:"Show the effective settings; check them with --check."`
	Health    healthCommand    `cmd:"" help:"Ask the server of this machine whether it is ready; exit code 1 if not."`
	Documents documentsCommand `cmd:"" help:"Make the manifest of the operations that a server is to be kept to."`
	Version   versionCommand   `cmd:"" help:"Print the version."`
}

const about = `Workflow Factory: one GraphQL API through which teams see, steer and answer for AI agents.

Settings are environment variables, or flags of the commands that they concern; in development a file .env in the working directory is read too. Try:

  wfd serve --seed     run on a private PostgreSQL with demonstration data
  wfd config           what is set, and what each setting means
  wfd user create ada@example.com --role ADMIN
  wfd key create CI --role MANAGER`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// notices is where a command says what is not its result.
type notices interface{ io.Writer }

// run carries out one command line and gives the exit code: 0 done, 1 failed, 80 misused.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	if err := loadDotEnv(); err != nil {
		fmt.Fprintln(errOut, "wfd:", err)
		return 1
	}
	var p program
	exit := -1
	parser := kong.Must(&p, kong.Name("wfd"), kong.Description(about), kong.Writers(out, errOut),
		kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 120}),
		kong.Exit(func(code int) { exit = code }), kong.BindTo(ctx, (*context.Context)(nil)), kong.BindTo(out, (*io.Writer)(nil)),
		kong.BindTo(errOut, (*notices)(nil)))
	command, err := parser.Parse(args)
	if exit >= 0 {
		return exit // help was asked for
	}
	if err != nil {
		fmt.Fprintln(errOut, "wfd:", err)
		return 80
	}
	tune()
	log, flush := newLog(p.General, errOut)
	defer flush()
	if err := command.Run(&p.General, log); err != nil {
		fmt.Fprintln(errOut, "wfd:", err)
		return 1
	}
	return 0
}

// loadDotEnv reads .env in development. What the environment has already stays.
func loadDotEnv() error {
	if os.Getenv("ENV") == "production" {
		return nil
	}
	if err := godotenv.Load(); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("read .env: %w", err)
	}
	return nil
}

// tune trades memory for speed as far as there is memory: the heap may grow to five times what is in use, but not past
// what the container has. GOGC and GOMEMLIMIT have the last word.
func tune() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	_, _ = memlimit.Set(memlimit.WithRatio(0.9)) // outside of a container there is no limit to be found, and none is set
}

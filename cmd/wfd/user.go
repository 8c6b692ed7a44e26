package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"

	"golang.org/x/term"

	"workflowfactory/auth"
	"workflowfactory/db"
	"workflowfactory/model"
)

type userCommand struct {
	Create     userCreate     `cmd:"" help:"Make an account for a person."`
	List       userList       `cmd:"" help:"List the accounts, the newest first."`
	Deactivate userDeactivate `cmd:"" help:"Let a person no longer sign in, and end their sessions."`
}

type userCreate struct {
	Database
	Email    string `arg:"" help:"What the person signs in with."`
	Role     string `enum:"ADMIN,MANAGER,VIEWER" default:"VIEWER" help:"ADMIN, MANAGER or VIEWER."`
	Name     string `help:"What people call them; what stands before the @ without it."`
	Password string `enum:"make,ask" default:"make" help:"make: make a password and print it once. ask: ask for one on the terminal, or read it from standard input."`
}

// Run prints a password that it made alone on standard output, so that a script can take it. A password is never an
// argument: those can be read by everybody on the machine.
func (c *userCreate) Run(ctx context.Context, log *slog.Logger, out io.Writer, notice notices) error {
	in := model.CreateUserInput{Email: c.Email, Name: c.Name, Role: model.Role(c.Role)}
	if in.Name == "" {
		in.Name, _, _ = strings.Cut(c.Email, "@")
	}
	if c.Password == "ask" {
		password, err := askPassword(os.Stdin, notice)
		if err != nil {
			return err
		}
		in.Password = &password
	}
	return c.withMigrated(ctx, log, func(s *store) error {
		people := &auth.People{Accounts: db.Access{DB: s.DB}}
		made, err := people.Create(ctx, in)
		if err != nil {
			return err
		}
		fmt.Fprintf(notice, "created %s (%s, %s)\n", made.User.ID, made.User.Email, made.User.Role)
		if made.Password != nil {
			fmt.Fprintln(notice, "the password is not shown again:")
			fmt.Fprintln(out, *made.Password)
		}
		return nil
	})
}

// askPassword reads a password twice from a terminal, without showing it, or a line from anything else.
func askPassword(from *os.File, notice io.Writer) (string, error) {
	fd := int(from.Fd())
	if !term.IsTerminal(fd) {
		line, err := bufio.NewReader(io.LimitReader(from, 4<<10)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the password: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	var typed [2]string
	for i, prompt := range []string{"Password: ", "Again: "} {
		fmt.Fprint(notice, prompt)
		line, err := term.ReadPassword(fd)
		fmt.Fprintln(notice)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		typed[i] = string(line)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two passwords differ")
	}
	return typed[0], nil
}

type userList struct {
	Database
	JSON bool `help:"Print JSON, one account a line."`
}

// Run lists every account.
func (c *userList) Run(ctx context.Context, log *slog.Logger, out io.Writer) error {
	return c.withMigrated(ctx, log, func(s *store) error {
		table, lines := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0), json.NewEncoder(out)
		err := eachUser(ctx, db.Access{DB: s.DB}, func(u *model.User) error {
			if c.JSON {
				return lines.Encode(u)
			}
			state := map[bool]string{true: "active", false: "deactivated"}[u.Active]
			_, err := fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", u.ID, u.Role, state, u.Email, u.Name)
			return err
		})
		return errors.Join(err, table.Flush())
	})
}

// eachUser goes through all pages.
func eachUser(ctx context.Context, access db.Access, do func(*model.User) error) error {
	page := model.Page{First: new(100)}
	for {
		users, err := access.UserPage(ctx, page)
		if err != nil {
			return err
		}
		for _, edge := range users.Edges {
			if err := do(edge.Node); err != nil {
				return err
			}
		}
		if !users.PageInfo.HasNextPage {
			return nil
		}
		page.After = users.PageInfo.EndCursor()
	}
}

type userDeactivate struct {
	Database
	Email string `arg:"" help:"What the person signs in with."`
}

// Run deactivates one account.
func (c *userDeactivate) Run(ctx context.Context, log *slog.Logger, out io.Writer) error {
	return c.withMigrated(ctx, log, func(s *store) error {
		access := db.Access{DB: s.DB}
		u, err := access.UserByEmail(ctx, c.Email)
		if err != nil {
			return err
		}
		if _, err := access.DeactivateUser(ctx, model.DeactivateUserInput{ID: u.ID}); err != nil {
			return err
		}
		fmt.Fprintf(out, "deactivated %s (%s); their sessions end within 5 seconds\n", u.ID, u.Email)
		return nil
	})
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"
	"time"

	"workflowfactory/auth"
	"workflowfactory/db"
	"workflowfactory/model"
)

type keyCommand struct {
	Create keyCreate `cmd:"" help:"Create an API key and print its secret, which is not shown again."`
	List   keyList   `cmd:"" help:"List the API keys, the newest first."`
	Revoke keyRevoke `cmd:"" help:"Stop a key from working, for ever."`
}

type keyCreate struct {
	Database
	Name    string        `arg:"" help:"What people call it."`
	Role    string        `enum:"ADMIN,MANAGER,VIEWER,AGENT" default:"AGENT" help:"ADMIN, MANAGER, VIEWER or AGENT."`
	Agent   string        `placeholder:"ID" help:"Bind it to this agent; a key of role AGENT is otherwise bound to the first agent that it registers."`
	Expires time.Duration `placeholder:"720h" help:"How long it works; for ever without."`
}

// Run prints the secret alone on standard output, so that a script can take it.
func (c *keyCreate) Run(ctx context.Context, log *slog.Logger, out io.Writer, notice notices) error {
	in := model.CreateAPIKeyInput{Name: c.Name, Role: model.Role(c.Role)}
	if c.Agent != "" {
		id, ok := model.ParseID(c.Agent)
		if !ok || id.Kind() != model.KindAgent {
			return fmt.Errorf("%q is not the id of an agent", c.Agent)
		}
		in.AgentID = &id
	}
	if c.Expires != 0 {
		in.ExpiresAt = new(time.Now().Add(c.Expires))
	}
	key, secret, err := auth.Mint(in, time.Now())
	if err != nil {
		return err
	}
	return c.withMigrated(ctx, log, func(s *store) error {
		if _, err := (db.Access{DB: s.DB}).CreateKey(ctx, key); err != nil {
			return err
		}
		fmt.Fprintf(notice, "created %s (%s, %s); its secret is not shown again:\n", key.ID, key.Name, key.Role)
		fmt.Fprintln(out, secret)
		return nil
	})
}

type keyList struct {
	Database
	JSON bool `help:"Print JSON, one key a line."`
}

// Run lists every key.
func (c *keyList) Run(ctx context.Context, log *slog.Logger, out io.Writer) error {
	return c.withMigrated(ctx, log, func(s *store) error {
		table, lines := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0), json.NewEncoder(out)
		err := eachKey(ctx, db.Access{DB: s.DB}, func(k *model.APIKey) error {
			if c.JSON {
				return lines.Encode(k)
			}
			_, err := fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", k.ID, k.Role, stateOf(k), k.Prefix, k.Name)
			return err
		})
		return errors.Join(err, table.Flush())
	})
}

// eachKey goes through all pages.
func eachKey(ctx context.Context, access db.Access, do func(*model.APIKey) error) error {
	page := model.Page{First: new(100)}
	for {
		keys, err := access.KeyPage(ctx, page)
		if err != nil {
			return err
		}
		for _, edge := range keys.Edges {
			if err := do(edge.Node); err != nil {
				return err
			}
		}
		if !keys.PageInfo.HasNextPage {
			return nil
		}
		page.After = keys.PageInfo.EndCursor()
	}
}

func stateOf(k *model.APIKey) string {
	switch {
	case k.RevokedAt != nil:
		return "revoked"
	case k.ExpiresAt != nil && k.ExpiresAt.Before(time.Now()):
		return "expired"
	}
	return "active"
}

type keyRevoke struct {
	Database
	ID string `arg:"" help:"The key's id, as key list shows it."`
}

// Run revokes one key.
func (c *keyRevoke) Run(ctx context.Context, log *slog.Logger, out io.Writer) error {
	id, ok := model.ParseID(c.ID)
	if !ok || id.Kind() != model.KindAPIKey {
		return fmt.Errorf("%q is not the id of an API key", c.ID)
	}
	return c.withMigrated(ctx, log, func(s *store) error {
		revoked, err := (db.Access{DB: s.DB}).RevokeKey(ctx, id)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "revoked %s (%s); it stops working within 5 seconds\n", id, revoked.APIKey.Name)
		return nil
	})
}

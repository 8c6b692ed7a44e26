package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"workflowfactory/db"
	"workflowfactory/model"
)

type auditCommand struct {
	Head   auditHead   `cmd:"" help:"Print how far the event log has come and the hash over all of it, to be kept elsewhere."`
	Verify auditVerify `cmd:"" help:"Check that nothing in the event log was changed since it was written; exit code 1 if something was."`
}

type auditHead struct{ Database }

// Run prints one line of JSON.
func (c *auditHead) Run(ctx context.Context, log *slog.Logger, out io.Writer) error {
	return c.with(ctx, log, func(s *store) error {
		head, err := db.Audit{DB: s.DB}.Head(ctx)
		if err != nil {
			return err
		}
		return json.NewEncoder(out).Encode(head)
	})
}

type auditVerify struct {
	Database
	Head string `placeholder:"FILE|HASH" help:"What wfd audit head printed earlier, as a file, or the hash alone: the log must still hold it."`
}

// Run tells what was changed, the first position first.
func (c *auditVerify) Run(ctx context.Context, log *slog.Logger, out io.Writer, notice notices) error {
	kept, err := keptHead(c.Head)
	if err != nil {
		return err
	}
	return c.with(ctx, log, func(s *store) error {
		reported := time.Now()
		chain, err := db.Audit{DB: s.DB}.Verify(ctx, kept, func(done, head int64) {
			if time.Since(reported) > reportEvery {
				reported = time.Now()
				fmt.Fprintf(notice, "at position %d of %d\n", done, head)
			}
		})
		if err != nil {
			return err
		}
		return printAudit(out, chain)
	})
}

func printAudit(out io.Writer, chain *model.Chain) error {
	for _, flaw := range chain.Flaws {
		fmt.Fprintln(out, flaw)
	}
	if chain.Found > len(chain.Flaws) {
		fmt.Fprintf(out, "and %d more\n", chain.Found-len(chain.Flaws))
	}
	if chain.Found > 0 {
		return errors.New("the event log is not what it was when it was written")
	}
	fmt.Fprintf(out, "the event log is as it was written, up to position %d with the hash %s\n", chain.Last.Position, chain.Last.Hash)
	return nil
}

// keptHead reads a head that was kept: a hash, or a file; nil for "".
func keptHead(given string) (*model.LogHead, error) {
	if given == "" {
		return nil, nil
	}
	head := &model.LogHead{}
	if head.Hash.UnmarshalText([]byte(given)) == nil {
		return head, nil
	}
	text, err := os.ReadFile(given)
	if err == nil {
		err = json.Unmarshal(text, head)
	}
	if err != nil {
		return nil, fmt.Errorf("--head is neither a hash nor a file with what wfd audit head printed: %w", err)
	}
	return head, nil
}

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
	"time"

	"workflowfactory/db"
	"workflowfactory/model"
)

type eventsCommand struct {
	Export eventsExport `cmd:"" help:"Write a range of the event log as JSON, one event a line, before it is dropped or to keep it elsewhere."`
}

type eventsExport struct {
	Database
	After  string    `placeholder:"CURSOR" help:"Begin after this place; with the oldest event that is kept without."`
	UpTo   string    `placeholder:"CURSOR" help:"End with this place; with the newest event of now without."`
	Since  time.Time `placeholder:"TIME" help:"Only events at or after this time, such as 2026-01-31T00:00:00Z."`
	Before time.Time `placeholder:"TIME" help:"Only events before this time."`
	Output string    `short:"o" placeholder:"FILE" help:"Write to this file, which must not exist; to standard output without."`
}

// Run writes the range page by page; what it holds at a time is one page.
func (c *eventsExport) Run(ctx context.Context, log *slog.Logger, out io.Writer, notice notices) error {
	return c.withMigrated(ctx, log, func(s *store) error {
		e := export{events: s.Events(), notice: notice}
		if err := e.open(ctx, c); err != nil {
			return err
		}
		if c.Output == "" {
			return e.write(ctx, out)
		}
		return e.writeFile(ctx, c.Output)
	})
}

// export is one run through the log.
type export struct {
	events *db.Events
	notice notices
	filter model.EntryFilter
	after  model.Cursor // what has been written
	upTo   int64
	count  int
}

// open settles the range: the log goes on growing.
func (e *export) open(ctx context.Context, c *eventsExport) error {
	if !c.Since.IsZero() {
		e.filter.At = e.filter.At.From(c.Since)
	}
	if !c.Before.IsZero() {
		e.filter.At = e.filter.At.Before(c.Before)
	}
	if _, err := e.events.Sequence(ctx); err != nil { // so that what is committed by now is in the log
		return err
	}
	_, state, err := e.events.Read(ctx, model.LogRange{Limit: 1, Newest: true}, model.EntryFilter{})
	if err != nil {
		return err
	}
	e.after = model.Cursor{Epoch: state.Epoch(), Position: state.Floor}
	end := model.Cursor{Epoch: state.Epoch(), Position: state.Head}
	for name, place := range map[string]struct {
		text string
		into *model.Cursor
	}{"after": {c.After, &e.after}, "up-to": {c.UpTo, &end}} {
		if place.text == "" {
			continue
		}
		if *place.into, err = placeIn(state, place.text); err != nil {
			return fmt.Errorf("--%s: %w", name, err)
		}
	}
	e.upTo = end.Position
	return nil
}

// placeIn reads a cursor that this log must know what follows.
func placeIn(state model.LogState, text string) (model.Cursor, error) {
	c, err := model.ParseCursor(text)
	if err != nil {
		return c, err
	}
	switch state.WhyNot(c) {
	case model.CursorUnknown:
		return c, errors.New("this cursor is ahead of every event")
	case model.CursorLost:
		return c, errors.New("this cursor is of a database that was replaced by one which had not received all events")
	case model.CursorTooOld:
		return c, fmt.Errorf("the events after this cursor are no longer kept; the oldest that is follows %s",
			model.Cursor{Epoch: state.Epoch(), Position: state.Floor})
	}
	return c, nil
}

// writeFile writes to a file that has its name only once it is whole.
func (e *export) writeFile(ctx context.Context, name string) error {
	if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s exists", name), err)
	}
	partial := name + ".partial"
	file, err := os.OpenFile(partial, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(e.write(ctx, file), file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(partial))
	}
	return os.Rename(partial, name)
}

const (
	exportPage  = 1000
	reportEvery = 2 * time.Second
)

// write writes the range, and tells from time to time how far it is.
func (e *export) write(ctx context.Context, out io.Writer) error {
	buffered := bufio.NewWriter(out)
	lines := json.NewEncoder(buffered)
	lines.SetEscapeHTML(false)
	reported := time.Now()
	for more := e.after.Position < e.upTo; more; {
		entries, state, err := e.events.Read(ctx, model.LogRange{After: e.after.Position, UpTo: e.upTo, Limit: exportPage}, e.filter)
		if err != nil {
			return err
		}
		if state.Floor > e.after.Position {
			return fmt.Errorf("the events after %s were dropped meanwhile", e.after)
		}
		for _, entry := range entries {
			if err := lines.Encode(exportedFrom(entry)); err != nil {
				return err
			}
			e.after, e.count = entry.Cursor(), e.count+1
		}
		more = len(entries) == exportPage
		if more && time.Since(reported) > reportEvery {
			reported = time.Now()
			fmt.Fprintf(e.notice, "%d events, at position %d of %d\n", e.count, e.after.Position, e.upTo)
		}
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(e.notice, "exported %d events; what follows the last one is --after %s\n", e.count, e.after)
	return nil
}

// exported is an event as a line has it, with the names that it has in the API.
type exported struct {
	Cursor       string          `json:"cursor"`
	ID           model.ID        `json:"id"`
	At           time.Time       `json:"at"`
	Type         model.EventType `json:"type"`
	EntityID     model.ID        `json:"entityId"`
	Version      int64           `json:"version"`
	WorkflowID   model.ID        `json:"workflowId,omitzero"`
	TaskID       model.ID        `json:"taskId,omitzero"`
	AgentID      model.ID        `json:"agentId,omitzero"`
	SuggestionID model.ID        `json:"suggestionId,omitzero"`
	ActorID      model.ID        `json:"actorId"`
	RequestID    string          `json:"requestId,omitempty"`
	Address      string          `json:"address,omitempty"`
	Changes      json.RawMessage `json:"changes,omitempty"`
	Entity       json.RawMessage `json:"entity"` // after the change; null when it was deleted
}

func exportedFrom(e *model.Entry) exported {
	return exported{
		Cursor: e.Cursor().String(), ID: e.ID, At: e.At, Type: e.Type, EntityID: e.EntityID, Version: e.Version, WorkflowID: e.WorkflowID,
		TaskID: e.TaskID, AgentID: e.AgentID, SuggestionID: e.SuggestionID, ActorID: e.ActorID, RequestID: e.RequestID,
		Address: e.Address, Changes: e.Changes, Entity: e.Snapshot,
	}
}

package db

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"workflowfactory/model"
)

// PostgreSQL's error codes that mean something to us.
const (
	pgDeadlock         = "40P01"
	pgSerialization    = "40001"
	pgLockTimeout      = "55P03"
	pgStatementTimeout = "57014"
	pgUnique           = "23505"
	pgForeignKey       = "23503"
)

func pgCode(err error) (code, constraint string) {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code, e.ConstraintName
	}
	return "", ""
}

func isNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

func isRetryable(err error) bool {
	code, _ := pgCode(err)
	return code == pgDeadlock || code == pgSerialization
}

// publicError turns what PostgreSQL says into an error that a caller can act on, where there is one.
func publicError(err error) error {
	code, constraint := pgCode(err)
	switch code {
	case pgDeadlock, pgSerialization, pgLockTimeout:
		return model.Errorf(model.Conflict, "others are changing the same things right now; try again")
	case pgUnique, pgForeignKey:
		if e, ok := byConstraint[constraint]; ok {
			return e
		}
	case pgStatementTimeout:
		return errors.Join(context.DeadlineExceeded, err)
	}
	return err
}

// byConstraint says what a broken constraint means to the caller who broke it.
var byConstraint = map[string]*model.Error{
	"tasks_workflow_key": model.BadInput("key", "another task of this workflow has this key"),
	"agents_name":        model.BadInput("name", "another agent has this name"),

	// Somebody deleted it while the comment was written.
	"comments_task_id_fkey":       model.Errorf(model.NotFound, "the task was deleted"),
	"comments_workflow_id_fkey":   model.Errorf(model.NotFound, "the workflow was deleted"),
	"comments_suggestion_id_fkey": model.BadInput("suggestionId", "the suggestion was deleted"),
	"comments_parent_id_fkey":     model.BadInput("parentId", "the comment was deleted"),
}

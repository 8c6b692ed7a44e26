package main

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
	"unsafe"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"workflowfactory/exec"
	"workflowfactory/model"
)

// limit is the least that any server could do for the same answers: it knows the two requests beforehand, asks for
// nothing but what they want with prepared statements, reads PostgreSQL's binary format where it stands, writes JSON by
// hand into memory that it uses again, and asks nobody who they are.
var limit = contender{
	name: "limit", about: "net/http and pgx, written by hand for these requests: no GraphQL, no authentication, no log",
	program: self("limit"),
}

type limitServer struct {
	pool    *pgxpool.Pool
	buffers sync.Pool // *[]byte
}

func serveLimit(ctx context.Context) error {
	config, err := pgxpool.ParseConfig(os.Getenv(databaseVar))
	if err != nil {
		return err
	}
	config.MaxConns = 16
	config.ConnConfig.RuntimeParams["application_name"] = limit.name
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	s := &limitServer{pool: pool, buffers: sync.Pool{New: func() any { return new([]byte) }}}
	return serve(ctx, http.HandlerFunc(s.graphql))
}

func (s *limitServer) graphql(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var asked struct{ Variables struct{ ID, After string } }
	if err == nil {
		err = json.Unmarshal(body, &asked)
	}
	buffer := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buffer)
	answer := (*buffer)[:0]
	switch v := asked.Variables; {
	case err != nil:
	case v.ID != "":
		answer, err = s.workflow(r.Context(), answer, v.ID)
	default:
		answer, err = s.page(r.Context(), answer, v.After)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	*buffer = answer
	header := w.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(answer)))
	w.Write(answer)
}

// rows asks and gives each row to do, in binary.
func (s *limitServer) rows(ctx context.Context, sql string, do func(v [][]byte), args ...any) error {
	rows, err := s.pool.Query(ctx, sql, append([]any{pgx.QueryResultFormats{pgx.BinaryFormatCode}}, args...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		do(rows.RawValues())
	}
	return rows.Err()
}

func (s *limitServer) workflow(ctx context.Context, b []byte, text string) ([]byte, error) {
	id, ok := model.ParseID(text)
	if !ok {
		return nil, errors.New("no id")
	}
	const sql = `SELECT id, name, status, progress, created_at FROM workflows WHERE id = $1`
	err := s.rows(ctx, sql, func(v [][]byte) {
		b = appendID(append(b, `{"data":{"workflow":{"id":`...), v[0])
		b = appendText(append(b, `,"name":`...), v[1])
		b = appendText(append(b, `,"status":`...), v[2])
		b = appendInt(append(b, `,"progress":`...), v[3])
		b = appendTime(append(b, `,"createdAt":`...), v[4])
		b = append(b, `}}}`...)
	}, pgtype.UUID{Bytes: id, Valid: true})
	return b, err
}

// limitWorkflow is what has to wait for its tasks: its place among all that was written, and their number.
type limitRows struct {
	ids    []pgtype.UUID
	bytes  []byte // the fields of one row after the other
	ends   []int  // where each row ends
	counts []int  // tasks of each workflow
}

func (s *limitServer) page(ctx context.Context, b []byte, after string) ([]byte, error) {
	workflows, err := s.workflowsAfter(ctx, after)
	if err != nil {
		return nil, err
	}
	tasks, err := s.tasksOf(ctx, workflows)
	if err != nil {
		return nil, err
	}
	agents, err := s.agentsOf(ctx, tasks)
	if err != nil {
		return nil, err
	}
	b = append(b, `{"data":{"workflows":{"edges":[`...)
	start, task, from := 0, 0, 0
	for i, end := range workflows.ends {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, `{"node":{`...), workflows.bytes[start:end]...)
		start = end
		b = append(b, `,"tasks":{"edges":[`...)
		for j := range workflows.counts[i] {
			if j > 0 {
				b = append(b, ',')
			}
			b = append(append(b, `{"node":{`...), tasks.bytes[from:tasks.ends[task]]...)
			b = append(append(b, `,"agent":`...), agents[tasks.ids[task].Bytes]...)
			b = append(b, `}}`...)
			from = tasks.ends[task]
			task++
		}
		b = append(b, `]}}}`...)
	}
	return append(b, `]}}}`...), nil
}

func (s *limitServer) workflowsAfter(ctx context.Context, cursor string) (*limitRows, error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) != 28 {
		return nil, errors.New("no cursor")
	}
	id := pgtype.UUID{Bytes: [16]byte(raw[:16]), Valid: true}
	at := time.UnixMicro(int64(binary.BigEndian.Uint64(raw[16:24])))
	const sql = `SELECT id, name, description, status, progress, priority, created_at, updated_at FROM workflows
		WHERE (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT 50`
	r := &limitRows{ids: make([]pgtype.UUID, 0, 50), bytes: make([]byte, 0, 16<<10), ends: make([]int, 0, 50), counts: make([]int, 50)}
	return r, s.rows(ctx, sql, func(v [][]byte) {
		b := appendID(append(r.bytes, `"id":`...), v[0])
		b = appendText(append(b, `,"name":`...), v[1])
		b = appendText(append(b, `,"description":`...), v[2])
		b = appendText(append(b, `,"status":`...), v[3])
		b = appendInt(append(b, `,"progress":`...), v[4])
		b = appendPriority(append(b, `,"priority":`...), v[5])
		b = appendTime(append(b, `,"createdAt":`...), v[6])
		r.bytes = appendTime(append(b, `,"updatedAt":`...), v[7])
		r.ids, r.ends = append(r.ids, pgtype.UUID{Bytes: [16]byte(v[0]), Valid: true}), append(r.ends, len(r.bytes))
	}, at, id)
}

func (s *limitServer) tasksOf(ctx context.Context, workflows *limitRows) (*limitRows, error) {
	const sql = `SELECT p.n, t.id, t.name, t.status, t.progress, t.priority, t.created_at, t.agent_id
		FROM unnest($1::uuid[]) WITH ORDINALITY AS p (id, n) CROSS JOIN LATERAL (
			SELECT id, name, status, progress, priority, created_at, agent_id FROM tasks
			WHERE workflow_id = p.id ORDER BY created_at, id LIMIT 10) AS t
		ORDER BY p.n, t.created_at, t.id`
	r := &limitRows{ids: make([]pgtype.UUID, 0, 500), bytes: make([]byte, 0, 128<<10), ends: make([]int, 0, 500)}
	return r, s.rows(ctx, sql, func(v [][]byte) {
		workflows.counts[binary.BigEndian.Uint64(v[0])-1]++
		b := appendID(append(r.bytes, `"id":`...), v[1])
		b = appendText(append(b, `,"name":`...), v[2])
		b = appendText(append(b, `,"status":`...), v[3])
		b = appendInt(append(b, `,"progress":`...), v[4])
		b = appendPriority(append(b, `,"priority":`...), v[5])
		r.bytes = appendTime(append(b, `,"createdAt":`...), v[6])
		r.ids, r.ends = append(r.ids, pgtype.UUID{Bytes: [16]byte(v[7]), Valid: true}), append(r.ends, len(r.bytes))
	}, workflows.ids)
}

func (s *limitServer) agentsOf(ctx context.Context, tasks *limitRows) (map[[16]byte][]byte, error) {
	agents := make(map[[16]byte][]byte, 256)
	var ids []pgtype.UUID
	for _, id := range tasks.ids {
		if _, known := agents[id.Bytes]; !known {
			agents[id.Bytes] = nil
			ids = append(ids, id)
		}
	}
	b := make([]byte, 0, 32<<10)
	const sql = `SELECT id, name FROM agents WHERE id = ANY($1)`
	return agents, s.rows(ctx, sql, func(v [][]byte) {
		start := len(b)
		b = appendID(append(b, `{"id":`...), v[0])
		b = append(appendText(append(b, `,"name":`...), v[1]), '}')
		agents[[16]byte(v[0])] = b[start:len(b):len(b)]
	}, ids)
}

func appendID(b, v []byte) []byte { return model.ID(v).AppendGQL(b) }

func appendText(b, v []byte) []byte {
	return exec.AppendString(b, unsafe.String(unsafe.SliceData(v), len(v)))
}

func appendInt(b, v []byte) []byte {
	return strconv.AppendInt(b, int64(int32(binary.BigEndian.Uint32(v))), 10)
}

var priorities = [...]string{1: `"LOW"`, 2: `"MEDIUM"`, 3: `"HIGH"`, 4: `"URGENT"`}

func appendPriority(b, v []byte) []byte { return append(b, priorities[binary.BigEndian.Uint16(v)]...) }

func appendTime(b, v []byte) []byte {
	const pgEpoch = 946684800_000_000 // 2000-01-01, in microseconds
	return model.AppendDateTime(b, time.UnixMicro(int64(binary.BigEndian.Uint64(v))+pgEpoch))
}

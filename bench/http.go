package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// request is one POST with a GraphQL operation, ready to be sent.
func request(query string, variables map[string]any) []byte {
	body, _ := json.Marshal(map[string]any{"query": query, "variables": variables}) // which no string fails
	return fmt.Appendf(nil, "POST /graphql HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s",
		adminKey, len(body), body)
}

// client is one connection on which requests follow answers. It does no more than it has to, since it shares a core
// with PostgreSQL.
type client struct {
	conn net.Conn
	in   *bufio.Reader
	body []byte
}

func dial(address string) (*client, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &client{conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}, nil
}

// do sends a request and gives the body of its answer, which is good until the next.
func (c *client) do(request []byte) ([]byte, error) {
	if _, err := c.conn.Write(request); err != nil {
		return nil, err
	}
	status, err := c.in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	length := -1
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		if len(line) <= len("\r\n") {
			break
		}
		if name, value, _ := bytes.Cut(line, []byte(":")); bytes.EqualFold(name, []byte("content-length")) {
			length, _ = strconv.Atoi(string(bytes.TrimSpace(value)))
		}
	}
	if length < 0 {
		return nil, fmt.Errorf("answered without a length: %s", status)
	}
	if cap(c.body) < length {
		c.body = make([]byte, length)
	}
	c.body = c.body[:length]
	if _, err := io.ReadFull(c.in, c.body); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(status, "HTTP/1.1 200") {
		return nil, fmt.Errorf("answered %s %s", strings.TrimSpace(status), c.body)
	}
	return c.body, nil
}

// must sends a request whose answer is to have no errors.
func (c *client) must(request []byte) error {
	answer, err := c.do(request)
	if err == nil && bytes.Contains(answer, []byte(`"errors"`)) {
		err = errors.New(string(answer))
	}
	return err
}

// ask sends requests over several connections until the context ends, each connection beginning elsewhere among them,
// and gives how many were answered.
func ask(ctx context.Context, address string, connections int, requests [][]byte, from int) (int, error) {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex // protects done and errs
		done  int
		errs  error
		until = time.Now().Add(time.Hour)
	)
	if deadline, ok := ctx.Deadline(); ok {
		until = deadline
	}
	for i := range connections {
		wg.Go(func() {
			n, err := askOne(address, requests, from+i*len(requests)/connections, until)
			mu.Lock()
			defer mu.Unlock()
			done, errs = done+n, errors.Join(errs, err)
		})
	}
	wg.Wait()
	return done, errs
}

func askOne(address string, requests [][]byte, from int, until time.Time) (done int, err error) {
	c, err := dial(address)
	if err != nil {
		return 0, err
	}
	defer c.conn.Close()
	for time.Now().Before(until) {
		if _, err := c.do(requests[(from+done)%len(requests)]); err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}

// sameAnswers makes sure that all contenders answer some of the requests to the letter alike, and without errors.
func sameAnswers(all []*process, requests [][]byte) error {
	for i := 0; i < len(requests); i += len(requests) / 10 {
		var first []byte
		for _, p := range all {
			c, err := dial(p.address)
			if err != nil {
				return err
			}
			answer, err := c.do(requests[i])
			c.conn.Close()
			switch {
			case err != nil:
				return fmt.Errorf("%s: %w", p.name, err)
			case bytes.HasPrefix(answer, []byte(`{"errors"`)):
				return fmt.Errorf("%s: %s", p.name, answer)
			case first == nil:
				first = answer
			case !bytes.Equal(first, answer):
				return fmt.Errorf("%s and %s differ\n%.600s\n%.600s", all[0].name, p.name, first, answer)
			}
		}
	}
	return nil
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"
)

// crowd is the name of the process that is many sockets.
const crowd = "crowd"

// crowdOrder says what it shall do.
type crowdOrder struct {
	Address   string
	Keys      []string // one for as many sockets as one caller may have
	Sockets   int
	Subscribe json.RawMessage
	Events    int // that each socket waits for
}

type crowdResult struct {
	Seconds float64 // until the last socket had the last event
	Resumed int64   // how often one had to subscribe again, having been too slow
}

// serveCrowd opens the sockets at once and reads until each has its events.
func serveCrowd(ctx context.Context) error {
	var order crowdOrder
	if err := json.NewDecoder(os.Stdin).Decode(&order); err != nil {
		return err
	}
	var result crowdResult
	var resumed atomic.Int64
	start := time.Now()
	all, ctx := errgroup.WithContext(ctx)
	connecting := make(chan struct{}, 50)
	for i := range order.Sockets {
		all.Go(func() error {
			connecting <- struct{}{}
			conn, err := join(ctx, order, order.Keys[i/socketsPerKey])
			<-connecting
			if err != nil {
				return fmt.Errorf("socket %d: %w", i, err)
			}
			defer conn.Close()
			if err := take(conn, order, &resumed); err != nil {
				return fmt.Errorf("socket %d: %w", i, err)
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return err
	}
	result.Seconds, result.Resumed = time.Since(start).Seconds(), resumed.Load()
	return json.NewEncoder(os.Stdout).Encode(result)
}

func join(ctx context.Context, order crowdOrder, key string) (*websocket.Conn, error) {
	dialer := websocket.Dialer{Subprotocols: []string{subprotocol}, ReadBufferSize: 4 << 10, WriteBufferSize: 512}
	conn, _, err := dialer.DialContext(ctx, "ws://"+order.Address+"/graphql", http.Header{"Authorization": {"Bearer " + key}})
	if err != nil {
		return nil, err
	}
	for _, message := range [][]byte{[]byte(`{"type":"connection_init"}`), order.Subscribe} {
		if err := conn.WriteMessage(websocket.TextMessage, message); err != nil {
			return nil, err
		}
	}
	return conn, nil
}

var (
	isNext  = []byte(`{"id":"1","type":"next"`)
	isError = []byte(`{"id":"1","type":"error"`)
)

// take reads events without looking into them, and resumes when the server says that it was too slow.
func take(conn *websocket.Conn, order crowdOrder, resumed *atomic.Int64) error {
	in := framesOf(conn)
	for got := 0; got < order.Events; {
		message, err := in.message()
		switch {
		case bytes.HasPrefix(message, isNext):
			got++
		case bytes.HasPrefix(message, isError):
			resumed.Add(1)
			err = resume(conn, order.Subscribe, message)
		}
		if err != nil {
			return fmt.Errorf("after %d events: %w", got, err)
		}
	}
	return nil
}

// resume subscribes again after what an error says.
func resume(conn *websocket.Conn, subscribe, failed []byte) error {
	var why struct {
		Payload []struct{ Extensions struct{ ResumeAfter string } }
	}
	var again struct {
		ID      string `json:"id"`
		Type    string `json:"type"`
		Payload struct {
			Query     string         `json:"query"`
			Variables map[string]any `json:"variables"`
		} `json:"payload"`
	}
	if json.Unmarshal(failed, &why) != nil || len(why.Payload) == 0 || why.Payload[0].Extensions.ResumeAfter == "" {
		return fmt.Errorf("the subscription ended: %s", failed)
	}
	if err := json.Unmarshal(subscribe, &again); err != nil {
		return err
	}
	again.Payload.Variables["after"] = why.Payload[0].Extensions.ResumeAfter
	return conn.WriteJSON(again)
}

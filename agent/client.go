package agent

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
	patience     = 10 * time.Second // how long one request may take beyond what it asked the server to wait

	// maxFaults bounds how often a request is repeated that reached the server: what fails so often fails for ever.
	maxFaults = 10
)

type vars = map[string]any

// Client sends operations with one key, whoever that key is for. It is safe for concurrent use.
type Client struct {
	url, key string
	http     *http.Client
	log      *slog.Logger
}

// NewClient takes URL, Key, Client and Log of the options, and leaves the rest alone.
func NewClient(o Options) *Client {
	return &Client{
		url: strings.TrimSuffix(o.URL, "/") + "/graphql", key: o.Key, http: cmp.Or(o.Client, http.DefaultClient),
		log: cmp.Or(o.Log, slog.New(slog.DiscardHandler)),
	}
}

// Call carries out an operation and reads the data of its answer into out. While the server is away, busy or at fault it
// tries again, with growing pauses, so the operation must be one that can be repeated: a query, or a mutation with an
// idempotencyKey. It blocks until there is an answer or ctx ends, and gives a [*Refused] or the cause of ctx.
func (c *Client) Call(ctx context.Context, query string, variables map[string]any, out any) error {
	_, err := c.repeat(ctx, patience, func(ctx context.Context) error { return c.send(ctx, query, variables, out) })
	return err
}

// call carries out one of the operations of this package, which all take one input.
func (c *Client) call(ctx context.Context, query string, input, out any) error {
	return c.Call(ctx, query, vars{"input": input}, out)
}

// repeat tries until it succeeds, with growing pauses, and counts the tries.
func (c *Client) repeat(ctx context.Context, timeout time.Duration, try func(context.Context) error) (tries int, err error) {
	faults := 0
	for tries = 1; ; tries++ {
		err := within(ctx, timeout, try)
		if err == nil {
			return tries, nil
		}
		if ctx.Err() != nil {
			return tries, context.Cause(ctx)
		}
		pause := pauseAfter(tries)
		if refused := asRefused(err); refused != nil {
			if refused.Code != "RATE_LIMITED" { // which tells when to come again
				faults++
			}
			if !refused.transient() || faults == maxFaults {
				return tries, err
			}
			pause = max(pause, refused.after)
		}
		c.log.Warn("ask the server again", "in", pause, "error", err)
		if err := sleep(ctx, pause); err != nil {
			return tries, err
		}
	}
}

func within(ctx context.Context, timeout time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return do(ctx)
}

// pauseAfter doubles with every try. Half of it is left to chance, so that agents which lost the same server do not
// come back all at once.
func pauseAfter(tries int) time.Duration {
	pause := min(firstPause<<min(tries-1, 10), longestPause)
	return pause/2 + rand.N(pause/2)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// send sends one request once. Every error that is no *Refused leaves open whether it was carried out.
func (c *Client) send(ctx context.Context, query string, variables vars, out any) error {
	body, err := json.Marshal(vars{"query": query, "variables": variables})
	if err != nil {
		return &Refused{Code: "BAD_USER_INPUT", Message: err.Error()}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return &Refused{Code: "BAD_USER_INPUT", Message: err.Error()}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+c.key)
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return understand(response, text, out)
}

// understand reads an answer. What is no GraphQL came from something in between, which is refusing only when it blames
// the request.
func understand(response *http.Response, text []byte, out any) error {
	var answer struct {
		Data   json.RawMessage
		Errors []struct {
			Message    string
			Extensions struct{ Code, Field string }
		}
	}
	err := json.Unmarshal(text, &answer)
	after, _ := strconv.Atoi(response.Header.Get("Retry-After"))
	switch {
	case err == nil && len(answer.Errors) > 0:
		first := answer.Errors[0]
		return &Refused{first.Extensions.Code, first.Message, first.Extensions.Field, time.Duration(after) * time.Second}
	case response.StatusCode == http.StatusTooManyRequests:
		return &Refused{"RATE_LIMITED", response.Status, "", time.Duration(after) * time.Second}
	case response.StatusCode >= 400 && response.StatusCode < 500:
		return &Refused{Code: "HTTP_" + strconv.Itoa(response.StatusCode), Message: "no GraphQL is spoken there: " + response.Status}
	case err != nil || response.StatusCode != http.StatusOK:
		return fmt.Errorf("the server answers %s", response.Status)
	}
	return json.Unmarshal(answer.Data, out)
}

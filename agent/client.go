package agent

import (
	"bytes"
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

// client speaks GraphQL over HTTP.
type client struct {
	url, key string
	http     *http.Client
	log      *slog.Logger
}

func newClient(o Options) client {
	return client{url: strings.TrimSuffix(o.URL, "/") + "/graphql", key: o.Key, http: o.Client, log: o.Log}
}

// call sends a request until it is answered or ctx ends, so it must be one that can be repeated safely. It gives a
// *Refused, or the cause of ctx.
func (c client) call(ctx context.Context, query string, input, out any) error {
	_, err := c.repeat(ctx, patience, func(ctx context.Context) error { return c.send(ctx, query, input, out) })
	return err
}

// repeat tries until it succeeds, with growing pauses, and counts the tries.
func (c client) repeat(ctx context.Context, timeout time.Duration, try func(context.Context) error) (tries int, err error) {
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
func (c client) send(ctx context.Context, query string, input, out any) error {
	body, err := json.Marshal(vars{"query": query, "variables": vars{"input": input}})
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

package server

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	checkTimeout = 2 * time.Second
	// checkFor is how long an answer is good for: anybody may ask, and each answer costs queries.
	checkFor = 500 * time.Millisecond
)

// Check is one thing that has to be in order for requests to be answered well.
type Check struct {
	Name string // shown to whoever asks; the error is only logged
	Ask  func(context.Context) error
}

// health says how the process is, to load balancers and their like.
type health struct {
	checks   []Check
	log      *slog.Logger
	draining atomic.Bool

	mu      sync.Mutex // protects what follows
	asked   time.Time
	failing []string
}

func newHealth(checks []Check, log *slog.Logger) *health { return &health{checks: checks, log: log} }

// live answers as long as the process does.
func (h *health) live(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"status": "ok"})
}

// ready answers 200 when requests may come, and 503 with what is out of order otherwise.
func (h *health) ready(w http.ResponseWriter, r *http.Request) {
	if h.draining.Load() {
		answer(w, http.StatusServiceUnavailable, map[string]any{"status": "draining"})
		return
	}
	if failing := h.check(r.Context()); len(failing) > 0 {
		answer(w, http.StatusServiceUnavailable, map[string]any{"status": "not ready", "failing": failing})
		return
	}
	answer(w, http.StatusOK, map[string]any{"status": "ready"})
}

// check names what is out of order. Who asks while another is asking waits for that answer.
func (h *health) check(ctx context.Context) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.asked.IsZero() && time.Since(h.asked) < checkFor {
		return h.failing
	}
	// The answer is for everybody who asks soon: it must not depend on this client's patience.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
	defer cancel()
	var failing []string
	for _, c := range h.checks {
		if err := c.Ask(ctx); err != nil {
			h.log.WarnContext(ctx, "not ready", "check", c.Name, "error", err)
			failing = append(failing, c.Name)
		}
	}
	h.asked, h.failing = time.Now(), failing
	return failing
}

package model

import "time"

// Agent is a process that claims tasks. A removed one stays in the database, since the log names it.
type Agent struct {
	Noun                     `bun:",embed"`
	Name                     string      `json:"name"`
	Description              *string     `json:"description"`
	Status                   AgentStatus `json:"status"` // as last announced
	Capabilities             []string    `json:"capabilities" bun:",array"`
	Labels                   []string    `json:"labels" bun:",array"`
	MaxConcurrency           int         `json:"maxConcurrency"`
	Draining                 bool        `json:"draining"` // takes no more work
	ActiveTasks              int         `json:"activeTasks"`
	LastHeartbeatAt          *time.Time  `json:"lastHeartbeatAt"`
	HeartbeatIntervalSeconds int         `json:"heartbeatIntervalSeconds"`
	CompletedTasks           int         `json:"completedTasks"`
	FailedTasks              int         `json:"failedTasks"`
	BusyMs                   int64       `json:"busyMs" diff:"-"` // how long its completed attempts took in all: events keep it for the average
	RemovedAt                *time.Time  `json:"-"`
}

// IsActor marks who can do something.
func (*Agent) IsActor() {}

// GetName gives the name.
func (a *Agent) GetName() string { return a.Name }

// TotalTasks is how many attempts the agent ended.
func (a *Agent) TotalTasks() int { return a.CompletedTasks + a.FailedTasks }

// SuccessRate is the completed of all ended attempts, 0 to 1; nil before the first.
func (a *Agent) SuccessRate() *float64 {
	if a.TotalTasks() == 0 {
		return nil
	}
	return new(float64(a.CompletedTasks) / float64(a.TotalTasks()))
}

// AvgDurationMs is how long a completed attempt took on average; nil before the first.
func (a *Agent) AvgDurationMs() *int {
	if a.CompletedTasks == 0 {
		return nil
	}
	return new(int(a.BusyMs / int64(a.CompletedTasks)))
}

// Room is how many more tasks the agent takes.
func (a *Agent) Room() int {
	if a.Draining {
		return 0
	}
	return max(0, a.MaxConcurrency-a.ActiveTasks)
}

// MissedHeartbeats is how many heartbeats may be missed before an agent counts as OFFLINE.
const MissedHeartbeats = 3

// SilentAfter is when the agent becomes OFFLINE unless it is heard from before.
func (a *Agent) SilentAfter() time.Time {
	if a.LastHeartbeatAt == nil {
		return time.Time{}
	}
	return a.LastHeartbeatAt.Add(MissedHeartbeats * time.Duration(a.HeartbeatIntervalSeconds) * time.Second)
}

// StatusAt is how the agent is at that moment, while it holds so many tasks.
func (a *Agent) StatusAt(now time.Time, active int) AgentStatus {
	switch {
	case now.After(a.SilentAfter()):
		return AgentStatusOffline
	case active == 0:
		return AgentStatusIdle
	case active >= a.MaxConcurrency:
		return AgentStatusBusy
	}
	return AgentStatusOnline
}

// IsAlive says whether the agent is there and not OFFLINE.
func (a *Agent) IsAlive(now time.Time) bool {
	return a.RemovedAt == nil && !now.After(a.SilentAfter())
}

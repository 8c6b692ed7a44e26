package agent

// Operations gives the documents of all that a worker asks, for a server that runs known operations only: its manifest
// is made by wfd documents extract --agents.
func Operations() []string {
	return []string{
		registerAgent, claimTasks, heartbeat, heartbeatWithDecisions, completeTask, failTask, releaseTask,
		appendTaskLog, createSuggestion, suggestions,
	}
}

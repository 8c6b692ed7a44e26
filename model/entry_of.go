package model

// Recorded is a noun whose changes the log tells.
type Recorded interface {
	// Base gives what the noun shares with all others.
	Base() *Noun
	// Concerns gives an entry that says whom the noun concerns; what happened is for the caller to add.
	Concerns() Entry
}

// Base gives what the noun shares with all others.
func (n *Noun) Base() *Noun { return n }

func (n *Noun) entry() Entry {
	return Entry{Kind: n.ID.Kind(), EntityID: n.ID, Version: n.Version}
}

// Concerns says whom the workflow concerns: itself.
func (w *Workflow) Concerns() Entry {
	e := w.entry()
	e.WorkflowID = w.ID
	return e
}

// Concerns says whom the task concerns: its workflow, and its holder or who shall be.
func (t *Task) Concerns() Entry {
	e := t.entry()
	e.WorkflowID, e.TaskID, e.AgentID = t.WorkflowID, t.ID, t.AgentID
	if t.AgentID.IsZero() || !t.Status.IsOver() && t.Status != TaskStatusInProgress && !t.AssigneeID.IsZero() {
		e.AgentID = t.AssigneeID
	}
	return e
}

// Concerns says whom the agent concerns: itself.
func (a *Agent) Concerns() Entry {
	e := a.entry()
	e.AgentID = a.ID
	return e
}

// Concerns says whom the suggestion concerns: its task and who made it.
func (s *Suggestion) Concerns() Entry {
	e := s.entry()
	e.WorkflowID, e.TaskID, e.AgentID, e.SuggestionID = s.WorkflowID, s.TaskID, s.AgentID, s.ID
	return e
}

// Concerns says whom the comment concerns: its task, and its suggestion when it is about one.
func (c *Comment) Concerns() Entry {
	e := c.entry()
	e.WorkflowID, e.TaskID, e.SuggestionID = c.WorkflowID, c.TaskID, c.SuggestionID
	return e
}

// Concerns says whom the policy concerns: nobody else.
func (p *ApprovalPolicy) Concerns() Entry { return p.entry() }

// Concerns says whom the account concerns: nobody else.
func (u *User) Concerns() Entry { return u.entry() }

// Concerns says whom the session concerns: nobody but its user.
func (s *Session) Concerns() Entry { return s.entry() }

// Concerns says whom the key concerns: the agent that it is bound to.
func (k *APIKey) Concerns() Entry {
	e := k.entry()
	e.AgentID = k.AgentID
	return e
}

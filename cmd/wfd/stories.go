package main

import (
	"context"

	"workflowfactory/model"
)

// stories are what the demonstration tells, the oldest first, each by the name of its workflow.
var stories = []story{
	{dataMigration, tellDataMigration},
	{qualityControl, tellQualityControl},
	{customerSupport, tellCustomerSupport},
}

const (
	dataMigration   = "Data Migration Pipeline"
	qualityControl  = "Quality Control Review"
	customerSupport = "Customer Support Automation"
)

// tellDataMigration is a workflow that is done, by an agent that has gone since.
func tellDataMigration(ctx context.Context, c *cast) error {
	w, err := c.begin(ctx, model.CreateWorkflowInput{
		Name: dataMigration, Description: new("Moves the customers of the old system into the new one."), Labels: []string{"migration"},
		Input: model.JSON(`{"source": "crm_legacy", "target": "crm", "records": 48210}`),
		Tasks: []*model.NewTaskInput{
			{Key: "validate", Name: "Validate Source Records", RequiredCapabilities: []string{"validate_data"}},
			{Key: "transform", Name: "Transform Records", DependsOn: []string{"validate"}, RequiredCapabilities: []string{"transform_format"}},
			{Key: "verify", Name: "Verify Migrated Records", DependsOn: []string{"transform"}, RequiredCapabilities: []string{"validate_data"}},
		},
	})
	if err != nil {
		return err
	}
	for _, result := range []string{
		`{"valid": 48197, "repaired": 13}`, `{"written": 48210, "format": "crm/2"}`, `{"compared": 48210, "differences": 0}`,
	} {
		if err := c.workers["DataConverter"].do(ctx, w, result); err != nil {
			return err
		}
	}
	return nil
}

// tellQualityControl is a workflow in the middle of its work, with an agent that has its hands full.
func tellQualityControl(ctx context.Context, c *cast) error {
	w, err := c.begin(ctx, model.CreateWorkflowInput{
		Name: qualityControl, Description: new("Looks over the help articles before they are published."), Labels: []string{"content"},
		Tasks: []*model.NewTaskInput{
			{Key: "spelling", Name: "Check Spelling", RequiredCapabilities: []string{"spell_check"}},
			{Key: "grammar", Name: "Check Grammar", DependsOn: []string{"spelling"}, RequiredCapabilities: []string{"grammar_check"}},
			{Key: "style", Name: "Verify Style", DependsOn: []string{"grammar"}, RequiredCapabilities: []string{"style_verification"}},
		},
	})
	if err != nil {
		return err
	}
	checker := c.workers["QualityChecker"]
	if err := checker.do(ctx, w, `{"articles": 40, "corrections": 17}`); err != nil {
		return err
	}
	lease, err := checker.claim(ctx, w)
	if err != nil {
		return err
	}
	return checker.progress(ctx, lease, 60, "24 of 40 articles")
}

// tellCustomerSupport is a workflow that waits for a person to approve what an agent suggests.
func tellCustomerSupport(ctx context.Context, c *cast) error {
	w, err := c.begin(ctx, model.CreateWorkflowInput{
		Name: customerSupport, Description: new("Answers a ticket, and hands it on when it has to be."), Priority: new(model.PriorityHigh),
		Labels: []string{"support"}, Input: model.JSON(`{"ticket": "T-4711", "from": "alex@example.com", "subject": "Charged twice in May"}`),
		Tasks: []*model.NewTaskInput{
			{Key: "analyze", Name: "Analyze Support Ticket", RequiredCapabilities: []string{"parse_email", "classify_issue"}},
			{Key: "draft", Name: "Draft Response Email", DependsOn: []string{"analyze"}, RequiredCapabilities: []string{"draft_response"}},
			{
				Key: "escalate", Name: "Evaluate Escalation Need", DependsOn: []string{"analyze", "draft"},
				RequiredCapabilities: []string{"detect_complexity", "assess_urgency"},
			},
		},
	})
	if err != nil {
		return err
	}
	if err := analyze(ctx, c, w); err != nil {
		return err
	}
	return draft(ctx, c, w)
}

// analyze ends with a suggestion that the person agreed to.
func analyze(ctx context.Context, c *cast, w *model.Workflow) error {
	analyzer := c.workers["TicketAnalyzer"]
	lease, err := analyzer.claim(ctx, w)
	if err != nil {
		return err
	}
	suggested, err := c.suggestions.Create(analyzer.as(ctx), model.CreateSuggestionInput{
		TaskID: lease.Task.ID, Action: "set_ticket_priority", Reasoning: "A double charge upsets people, and this customer wrote twice.",
		Confidence: 0.82, Data: model.JSON(`{"ticket": "T-4711", "priority": "HIGH"}`),
	})
	if err != nil {
		return err
	}
	_, err = c.suggestions.Approve(c.asPerson(ctx), model.ApproveSuggestionInput{
		ID: suggested.Suggestion.ID, ActionHash: suggested.Suggestion.ActionHash, Note: new("Yes: refunds come first this week."),
	})
	if err != nil {
		return err
	}
	return analyzer.complete(ctx, lease, `{"category": "billing", "issue": "duplicate_charge", "sentiment": "annoyed", "entities": {"amount": "49.00 EUR", "month": "May"}}`)
}

// draft stops at a suggestion that waits for the person, who has asked about it.
func draft(ctx context.Context, c *cast, w *model.Workflow) error {
	responder := c.workers["EmailResponder"]
	lease, err := responder.claim(ctx, w)
	if err != nil {
		return err
	}
	if err := responder.progress(ctx, lease, 80, "The draft is ready to be looked at"); err != nil {
		return err
	}
	_, err = c.suggestions.Create(responder.as(ctx), model.CreateSuggestionInput{
		TaskID: lease.Task.ID, Action: "send_response_email", Blocking: new(true), Confidence: 0.95,
		Reasoning: "The second charge of 49.00 EUR is in the ledger, and refunds of that size need no further approval.",
		Data: model.JSON(`{"to": "alex@example.com", "subject": "Your refund for May",
			"body": "Dear Alex,\n\nyou are right: we charged you twice in May. The second payment of 49.00 EUR is on its way back to you and will arrive within three working days.\n\nWe are sorry for the trouble.\n\nYour support team"}`),
	})
	if err != nil {
		return err
	}
	asked, err := c.comments.Add(c.asPerson(ctx), model.AddCommentInput{
		TaskID: lease.Task.ID, Body: "Is three working days what the bank promises, or what we hope for?",
	})
	if err != nil {
		return err
	}
	_, err = c.comments.Add(responder.as(ctx), model.AddCommentInput{
		TaskID: lease.Task.ID, ParentID: &asked.Comment.ID,
		Body: "What the bank promises: its terms say two, and I added one for weekends.",
	})
	return err
}

package demo

import "workflowfactory/agent"

// What the agents say.
var (
	steps = []string{
		"reading the input", "looking things up", "comparing with last week", "weighing alternatives", "writing it down", "checking the result",
	}
	troubles = []string{"the search index answers slowly", "a page had to be fetched twice", "two sources disagree", "the model was asked again"}
	failures = []agent.Failure{
		{Code: "UPSTREAM_TIMEOUT", Message: "The mail server did not answer in time."},
		{Code: "RATE_LIMITED", Message: "The model takes no more requests at the moment."},
		{Code: "BAD_INPUT", Message: "The attachment is not what its name says."},
	}
	suggestions = []agent.Suggestion{
		{
			Action: "send_refund", Reasoning: "The customer was charged twice, and the amount is below the limit of the house.",
			Data: map[string]any{"amount": 49.9, "currency": "EUR", "customer": "alex@example.com"},
		},
		{
			Action: "publish_article", Reasoning: "All checks passed; two sentences were made shorter.",
			Data: map[string]any{"slug": "reset-your-password", "locale": "en", "sections": 4},
		},
		{
			Action: "delete_duplicates", Reasoning: "These records agree in every field but the date.",
			Data: map[string]any{"table": "contacts", "ids": []int{1041, 1042, 1077}}, Approvals: 1,
		},
	}
	questions = []agent.Suggestion{
		{Question: true, Action: "Which tone shall the answer have?", Reasoning: "The guide names two, and the customer is upset."},
		{Question: true, Action: "Shall the report cover the whole quarter?", Reasoning: "The request says only that it is for the board."},
	}
	remarks = []string{
		"One source was three days old; the figures are right all the same.", "Took longer than usual: the search index was slow.",
		"Somebody should look at the second table next week.",
	}
)

// What the colleague says.
var (
	answers  = []string{"Friendly and short.", "Yes, but leave the appendix out."}
	verdicts = []string{"Looks right to me.", "Fine, as discussed.", "Go ahead."}
	reasons  = []string{"Not without a second source.", "The amount needs a look by the team lead."}
)

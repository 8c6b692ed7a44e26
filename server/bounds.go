package server

import "workflowfactory/transport"

// bounds are the lists that no page size bounds, as what is asked for bounds them.
var bounds = map[string]transport.Bound{
	"Query.nodes":                {Argument: "ids"},
	"Mutation.claimTasks":        {Argument: "input.max", Default: 1},
	"Mutation.heartbeat":         {Argument: "input.leases", Default: 1},
	"Mutation.cancelTasks":       {Argument: "input.ids", Default: mostAtOnce},
	"Mutation.retryTasks":        {Argument: "input.ids", Default: mostAtOnce},
	"Mutation.decideSuggestions": {Argument: "input.decisions"},
}

// mostAtOnce is how many nouns one mutation changes, at most.
const mostAtOnce = 500

package main

import (
	"context"
	"encoding/json"
	"fmt"
)

// cases are all that can be measured.
var cases = []benchmark{
	read("R1", "one workflow by id, 5 fields", 8, byID),
	read("R2", "50 workflows of 8 fields, each with 10 tasks of 6 fields, each with its agent", 4, byPage),
	working("W8", 8, 1),
	working("W64", 64, 1),
	working("W8x20", 8, 20),
}

// pages is how many workflows have a full page after them.
const pages = workflowCount - 50

const oneWorkflow = `query ($id: ID!) { workflow(id: $id) { id name status progress createdAt } }`

const fiftyWorkflows = `query ($after: String!) { workflows(first: 50, after: $after) { edges { node {
	id name description status progress priority createdAt updatedAt
	tasks(first: 10) { edges { node { id name status progress priority createdAt agent { id name } } } }
} } } }`

// read is a case of queries, the same ones in all rounds. The requests are made once the server runs, which gives its
// own cursors.
func read(name, about string, connections int, make func(*world, *process) ([][]byte, error)) benchmark {
	var requests [][]byte
	return benchmark{
		name: name, about: fmt.Sprintf("%s; %d connections, %d different requests", about, connections, pages),
		contenders: []contender{limit, wfd, gqlgen},
		check: func(_ context.Context, w *world, all []*process) (err error) {
			if requests, err = make(w, all[1]); err != nil {
				return err
			}
			return sameAnswers(all, requests)
		},
		load: func(ctx context.Context, w *world, p *process, round int) (int, error) {
			return ask(ctx, p.address, connections, requests, round*pages/w.rounds)
		},
	}
}

func byID(w *world, _ *process) ([][]byte, error) {
	var requests [][]byte
	for _, id := range w.workflows[:pages] {
		requests = append(requests, request(oneWorkflow, map[string]any{"id": id.String()}))
	}
	return requests, nil
}

// byPage asks for the page after each workflow.
func byPage(_ *world, p *process) ([][]byte, error) {
	c, err := dial(p.address)
	if err != nil {
		return nil, err
	}
	defer c.conn.Close()
	var requests [][]byte
	var after any
	for len(requests) < pages {
		answer, err := c.do(request(`query ($after: String) { workflows(first: 100, after: $after) { edges { cursor } } }`, map[string]any{"after": after}))
		if err != nil {
			return nil, err
		}
		var page struct {
			Data struct {
				Workflows struct{ Edges []struct{ Cursor string } }
			}
		}
		if err := json.Unmarshal(answer, &page); err != nil || len(page.Data.Workflows.Edges) == 0 {
			return nil, fmt.Errorf("list cursors: %s: %w", answer, err)
		}
		for _, edge := range page.Data.Workflows.Edges {
			after = edge.Cursor
			requests = append(requests, request(fiftyWorkflows, map[string]any{"after": after}))
		}
	}
	return requests[:pages], nil
}

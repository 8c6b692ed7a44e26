package server

import (
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"
)

// cursorOf finds where an event of a subscription stands: the field `cursor` of its root, when the client asked for it
// by that name. What it gives goes out as the id of a server-sent event, and is where a slow consumer may go on.
func cursorOf(response *graphql.Response) string {
	var data map[string]struct{ Cursor string }
	if json.Unmarshal(response.Data, &data) != nil {
		return "" // no event, or a cursor that is something else
	}
	for _, root := range data { // a subscription has one
		return root.Cursor
	}
	return ""
}

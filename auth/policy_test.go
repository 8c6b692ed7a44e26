package auth

import (
	"slices"
	"testing"

	"workflowfactory/model"
)

func TestPolicy(t *testing.T) {
	t.Parallel()
	// Written out, so that a slip in the table shows.
	may := map[model.Action][]model.Role{
		model.ActionRead:            {model.RoleAgent, model.RoleViewer, model.RoleManager, model.RoleAdmin},
		model.ActionOversee:         {model.RoleViewer, model.RoleManager, model.RoleAdmin},
		model.ActionManageWorkflows: {model.RoleManager, model.RoleAdmin},
		model.ActionManagePolicies:  {model.RoleManager, model.RoleAdmin},
		model.ActionManageAgents:    {model.RoleManager, model.RoleAdmin},
		model.ActionWork:            {model.RoleAgent, model.RoleManager, model.RoleAdmin},
		model.ActionSuggest:         {model.RoleAgent, model.RoleManager, model.RoleAdmin},
		model.ActionDecide:          {model.RoleManager, model.RoleAdmin},
		model.ActionComment:         {model.RoleAgent, model.RoleManager, model.RoleAdmin},
		model.ActionOwnAccount:      {model.RoleViewer, model.RoleManager, model.RoleAdmin},
		model.ActionAdminister:      {model.RoleAdmin},
	}
	for _, do := range model.AllAction {
		if got := WhoMay(do); !slices.Equal(got, may[do]) {
			t.Errorf("%s: %v, want %v", do, got, may[do])
		}
		if Allows("", do) || Allows("SOMEBODY", do) {
			t.Errorf("%s: allowed without a role", do)
		}
	}
}

package auth

import (
	"slices"

	"workflowfactory/model"
)

// policy is the whole of who may do what. What is not in it is denied. Which rows a caller may touch, such as an agent
// its own leases alone, is asked where the rows are.
var policy = map[model.Role][]model.Action{
	model.RoleAdmin: model.AllAction,
	model.RoleManager: {
		model.ActionRead, model.ActionOversee, model.ActionManageWorkflows, model.ActionManageAgents, model.ActionWork, model.ActionSuggest,
		model.ActionDecide, model.ActionManagePolicies, model.ActionComment, model.ActionOwnAccount,
	},
	model.RoleViewer: {model.ActionRead, model.ActionOversee, model.ActionOwnAccount},
	model.RoleAgent:  {model.ActionRead, model.ActionWork, model.ActionSuggest, model.ActionComment},
}

// Allows says whether the role may do that. The role "" of an anonymous caller may do nothing.
func Allows(role model.Role, do model.Action) bool { return slices.Contains(policy[role], do) }

// WhoMay lists the roles that may do that, the least powerful first.
func WhoMay(do model.Action) []model.Role {
	var roles []model.Role
	for _, role := range []model.Role{model.RoleAgent, model.RoleViewer, model.RoleManager, model.RoleAdmin} {
		if Allows(role, do) {
			roles = append(roles, role)
		}
	}
	return roles
}

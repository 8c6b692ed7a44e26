package graph

import (
	"context"

	"workflowfactory/graph/gen"
	"workflowfactory/model"
)

// mutationResolver answers mutations: each is one use case of a repository, which has the same verb. The file is one
// list, in the order of schema.graphqls; people, sessions and keys are in files of their own.
type mutationResolver struct{ *Resolver }

// Mutation resolves the root of that name.
func (r *Resolver) Mutation() gen.MutationResolver { return mutationResolver{r} }

func (r mutationResolver) CreateWorkflow(ctx context.Context, input model.CreateWorkflowInput) (*model.WorkflowPayload, error) {
	return r.Workflows.Create(ctx, input)
}

func (r mutationResolver) UpdateWorkflow(ctx context.Context, input model.UpdateWorkflowInput) (*model.WorkflowPayload, error) {
	return r.Workflows.Update(ctx, input)
}

func (r mutationResolver) DeleteWorkflow(ctx context.Context, input model.DeleteWorkflowInput) (*model.WorkflowDeletedPayload, error) {
	return r.Workflows.Delete(ctx, input)
}

func (r mutationResolver) StartWorkflow(ctx context.Context, input model.StartWorkflowInput) (*model.WorkflowPayload, error) {
	return r.Workflows.Start(ctx, input)
}

func (r mutationResolver) PauseWorkflow(ctx context.Context, input model.PauseWorkflowInput) (*model.WorkflowPayload, error) {
	return r.Workflows.Pause(ctx, input)
}

func (r mutationResolver) ResumeWorkflow(ctx context.Context, input model.ResumeWorkflowInput) (*model.WorkflowPayload, error) {
	return r.Workflows.Resume(ctx, input)
}

func (r mutationResolver) CancelWorkflow(ctx context.Context, input model.CancelWorkflowInput) (*model.WorkflowPayload, error) {
	return r.Workflows.Cancel(ctx, input)
}

func (r mutationResolver) RetryWorkflow(ctx context.Context, input model.RetryWorkflowInput) (*model.WorkflowPayload, error) {
	return r.Workflows.Retry(ctx, input)
}

func (r mutationResolver) CreateTask(ctx context.Context, input model.CreateTaskInput) (*model.TaskPayload, error) {
	return r.Tasks.Create(ctx, input)
}

func (r mutationResolver) UpdateTask(ctx context.Context, input model.UpdateTaskInput) (*model.TaskPayload, error) {
	return r.Tasks.Update(ctx, input)
}

func (r mutationResolver) DeleteTask(ctx context.Context, input model.DeleteTaskInput) (*model.TaskDeletedPayload, error) {
	return r.Tasks.Delete(ctx, input)
}

func (r mutationResolver) AssignTask(ctx context.Context, input model.AssignTaskInput) (*model.TaskPayload, error) {
	return r.Tasks.Assign(ctx, input)
}

func (r mutationResolver) UnassignTask(ctx context.Context, input model.UnassignTaskInput) (*model.TaskPayload, error) {
	return r.Tasks.Unassign(ctx, input)
}

func (r mutationResolver) RetryTask(ctx context.Context, input model.RetryTaskInput) (*model.TaskPayload, error) {
	return r.Tasks.Retry(ctx, input)
}

func (r mutationResolver) CancelTask(ctx context.Context, input model.CancelTaskInput) (*model.TaskPayload, error) {
	return r.Tasks.Cancel(ctx, input)
}

func (r mutationResolver) SkipTask(ctx context.Context, input model.SkipTaskInput) (*model.TaskPayload, error) {
	return r.Tasks.Skip(ctx, input)
}

func (r mutationResolver) AddTaskDependency(ctx context.Context, input model.AddTaskDependencyInput) (*model.TaskPayload, error) {
	return r.Tasks.AddDependency(ctx, input)
}

func (r mutationResolver) RemoveTaskDependency(ctx context.Context, input model.RemoveTaskDependencyInput) (*model.TaskPayload, error) {
	return r.Tasks.RemoveDependency(ctx, input)
}

func (r mutationResolver) RegisterAgent(ctx context.Context, input model.RegisterAgentInput) (*model.AgentPayload, error) {
	return r.Agents.Register(ctx, input)
}

func (r mutationResolver) UpdateAgent(ctx context.Context, input model.UpdateAgentInput) (*model.AgentPayload, error) {
	return r.Agents.Update(ctx, input)
}

func (r mutationResolver) RemoveAgent(ctx context.Context, input model.RemoveAgentInput) (*model.AgentDeletedPayload, error) {
	return r.Agents.Remove(ctx, input)
}

func (r mutationResolver) Heartbeat(ctx context.Context, input model.HeartbeatInput) (*model.HeartbeatPayload, error) {
	return r.Agents.Heartbeat(ctx, input)
}

func (r mutationResolver) ClaimTasks(ctx context.Context, input model.ClaimTasksInput) ([]*model.TaskLease, error) {
	return r.Dispatcher.Claim(ctx, input)
}

func (r mutationResolver) ReportProgress(ctx context.Context, input model.ReportProgressInput) (*model.TaskPayload, error) {
	return r.Tasks.ReportProgress(ctx, input)
}

func (r mutationResolver) CompleteTask(ctx context.Context, input model.CompleteTaskInput) (*model.TaskPayload, error) {
	return r.Tasks.Complete(ctx, input)
}

func (r mutationResolver) FailTask(ctx context.Context, input model.FailTaskInput) (*model.TaskPayload, error) {
	return r.Tasks.Fail(ctx, input)
}

func (r mutationResolver) ReleaseTask(ctx context.Context, input model.ReleaseTaskInput) (*model.TaskPayload, error) {
	return r.Tasks.Release(ctx, input)
}

func (r mutationResolver) CreateSuggestion(ctx context.Context, input model.CreateSuggestionInput) (*model.SuggestionPayload, error) {
	return r.Suggestions.Create(ctx, input)
}

func (r mutationResolver) ApproveSuggestion(ctx context.Context, input model.ApproveSuggestionInput) (*model.SuggestionPayload, error) {
	return r.Suggestions.Approve(ctx, input)
}

func (r mutationResolver) RejectSuggestion(ctx context.Context, input model.RejectSuggestionInput) (*model.SuggestionPayload, error) {
	return r.Suggestions.Reject(ctx, input)
}

func (r mutationResolver) AnswerSuggestion(ctx context.Context, input model.AnswerSuggestionInput) (*model.SuggestionPayload, error) {
	return r.Suggestions.Answer(ctx, input)
}

func (r mutationResolver) DecideSuggestions(ctx context.Context, input model.DecideSuggestionsInput) (*model.BulkSuggestionsPayload, error) {
	return r.Suggestions.DecideMany(ctx, input)
}

func (r mutationResolver) WithdrawSuggestion(ctx context.Context, input model.WithdrawSuggestionInput) (*model.SuggestionPayload, error) {
	return r.Suggestions.Withdraw(ctx, input)
}

func (r mutationResolver) AddComment(ctx context.Context, input model.AddCommentInput) (*model.CommentPayload, error) {
	return r.Comments.Add(ctx, input)
}

func (r mutationResolver) UpdateComment(ctx context.Context, input model.UpdateCommentInput) (*model.CommentPayload, error) {
	return r.Comments.Update(ctx, input)
}

func (r mutationResolver) DeleteComment(ctx context.Context, input model.DeleteCommentInput) (*model.CommentDeletedPayload, error) {
	return r.Comments.Delete(ctx, input)
}

func (r mutationResolver) CancelTasks(ctx context.Context, input model.CancelTasksInput) (*model.BulkTasksPayload, error) {
	return r.Tasks.CancelMany(ctx, input)
}

func (r mutationResolver) RetryTasks(ctx context.Context, input model.RetryTasksInput) (*model.BulkTasksPayload, error) {
	return r.Tasks.RetryMany(ctx, input)
}

func (r mutationResolver) AppendTaskLog(ctx context.Context, input model.AppendTaskLogInput) (*model.TaskLogPayload, error) {
	return r.Tasks.AppendLog(ctx, input)
}

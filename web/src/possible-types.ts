export const possibleTypes: Record<string, string[]> = {
  Actor: ['Agent', 'ApiKey', 'System', 'User'],
  Event: ['AccessEvent', 'AgentEvent', 'ApprovalPolicyEvent', 'CommentEvent', 'SuggestionEvent', 'TaskEvent', 'WorkflowEvent'],
  Node: ['AccessEvent', 'Agent', 'AgentEvent', 'ApiKey', 'ApprovalPolicy', 'ApprovalPolicyEvent', 'Comment', 'CommentEvent', 'Session', 'Suggestion', 'SuggestionEvent', 'Task', 'TaskEvent', 'User', 'Workflow', 'WorkflowEvent'],
}

import { randomBytes } from 'node:crypto'
import { key, server } from './browser'

/** Sends one operation as the test's own key. Throws what the server complains of. */
export async function api<Data>(query: string, variables: Record<string, unknown> = {}): Promise<Data> {
  const response = await fetch(`${server}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors }: { data: Data; errors?: { message: string }[] } = await response.json()
  if (errors) throw new Error(errors.map((error) => error.message).join('; '))
  return data
}

/** A name that nothing else has or begins with, in this run or another. */
export function unique(word: string): string {
  return `${word} ${randomBytes(6).toString('hex')}`
}

export type World = { workflowId: string; name: string; agentId: string; agentName: string; capability: string }

/** A running workflow of three tasks in a row, which only the test's own agent can claim. */
export async function makeWorld(word = 'World'): Promise<World> {
  const name = unique(word)
  const agentName = unique('agent')
  const capability = unique('e2e').replace(' ', '-')
  const needs = { requiredCapabilities: [capability] }
  const input = {
    name,
    start: true,
    tasks: [
      { key: 'first', name: 'First step', input: { colour: 'blue' }, ...needs },
      { key: 'second', name: 'Second step', dependsOn: ['first'], ...needs },
      { key: 'third', name: 'Third step', dependsOn: ['second'], ...needs },
    ],
  }
  const { createWorkflow } = await api<{ createWorkflow: { workflow: { id: string } } }>(
    'mutation ($input: CreateWorkflowInput!) { createWorkflow(input: $input) { workflow { id } } }',
    { input },
  )
  const { registerAgent } = await api<{ registerAgent: { agent: { id: string } } }>(
    'mutation ($input: RegisterAgentInput!) { registerAgent(input: $input) { agent { id } } }',
    { input: { name: agentName, capabilities: [capability], maxConcurrency: 10, heartbeatIntervalSeconds: 600 } },
  )
  return { workflowId: createWorkflow.workflow.id, name, agentId: registerAgent.agent.id, agentName, capability }
}

export type Lease = { leaseToken: string; task: { id: string; name: string } }

/** Claims the next task of a world. */
export async function claim({ agentId, workflowId }: World): Promise<Lease> {
  const { claimTasks } = await api<{ claimTasks: Lease[] }>(
    'mutation ($input: ClaimTasksInput!) { claimTasks(input: $input) { leaseToken task { id name } } }',
    { input: { agentId, workflowId, leaseSeconds: 600 } },
  )
  if (!claimTasks[0]) throw new Error('there was nothing to claim')
  return claimTasks[0]
}

export function report({ leaseToken }: Lease, progress: number, message: string) {
  return api('mutation ($input: ReportProgressInput!) { reportProgress(input: $input) { task { id } } }', { input: { leaseToken, progress, message } })
}

export function complete({ leaseToken }: Lease, result: unknown) {
  return api('mutation ($input: CompleteTaskInput!) { completeTask(input: $input) { task { id } } }', { input: { leaseToken, result } })
}

/** Asks people about the task of a lease. */
export async function suggest(lease: Lease, agentId: string, action: string, more: { kind?: 'QUESTION'; confidence?: number; blocking?: boolean } = {}): Promise<string> {
  const input = { taskId: lease.task.id, agentId, action, reasoning: 'Because the test says so.', confidence: 0.8, data: { amount: 3 }, ...more }
  const { createSuggestion } = await api<{ createSuggestion: { suggestion: { id: string } } }>(
    'mutation ($input: CreateSuggestionInput!) { createSuggestion(input: $input) { suggestion { id } } }',
    { input },
  )
  return createSuggestion.suggestion.id
}

export async function suggestion(id: string) {
  type Suggestion = { status: string; approvedData: unknown; answer: unknown; decisions: { note: string | null }[] }
  const { suggestion } = await api<{ suggestion: Suggestion }>('query ($id: ID!) { suggestion(id: $id) { status approvedData answer decisions { note } } }', { id })
  return suggestion
}

/** Where a task of a world stands. */
export async function taskStatus({ workflowId }: World, name: string): Promise<string | undefined> {
  const { tasks } = await api<{ tasks: { edges: { node: { status: string } }[] } }>(
    'query ($filter: TaskFilter) { tasks(filter: $filter) { edges { node { status } } } }',
    { filter: { workflowId: { eq: workflowId }, name: { eq: name } } },
  )
  return tasks.edges[0]?.node.status
}

/** Gives the attempt up for good. */
export function fail({ leaseToken }: Lease, message: string) {
  return api('mutation ($input: FailTaskInput!) { failTask(input: $input) { task { id } } }', { input: { leaseToken, error: { message }, retryable: false } })
}

/** Writes a line into the log of a task. */
export function log({ leaseToken }: Lease, message: string) {
  return api('mutation ($input: AppendTaskLogInput!) { appendTaskLog(input: $input) { lineCount } }', { input: { leaseToken, lines: [{ message }] } })
}

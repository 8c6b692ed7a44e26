import type { OptimisticMutationConfig } from '@urql/exchange-graphcache'
import type { TaskStatus } from '../gql'

type Optimistic = OptimisticMutationConfig[string]
type Input = { id: string; agentId?: string }

/** What a change of a task shows before the server has answered; a refusal takes it back. */
function becomes(status: TaskStatus): Optimistic {
  return ({ input }) => ({ __typename: 'TaskPayload', task: { __typename: 'Task', id: (input as Input).id, status } })
}

const reserved: Optimistic = ({ input }, cache) => {
  const { id, agentId } = input as Input
  const assignee = agentId ? { __typename: 'Agent', id: agentId, name: () => cache.resolve({ __typename: 'Agent', id: agentId }, 'name') as string } : null
  return { __typename: 'TaskPayload', task: { __typename: 'Task', id, assignee } }
}

export const optimistic: OptimisticMutationConfig = {
  skipTask: becomes('SKIPPED'),
  cancelTask: becomes('CANCELLED'),
  retryTask: becomes('PENDING'),
  assignTask: reserved,
  unassignTask: reserved,
  updateAgent: ({ input }) => ({ __typename: 'AgentPayload', agent: { __typename: 'Agent', ...(input as { id: string; draining: boolean }) } }),
}

import type { Exchange } from '@urql/core'
import { cacheExchange } from '@urql/exchange-graphcache'

/** Parts of other things: they have no id and live inside what they belong to. */
const parts = [
  'AgentConnection', 'AgentEdge', 'CommentConnection', 'CommentEdge', 'Decision', 'EventConnection', 'EventEdge', 'FieldChange', 'Health', 'PageInfo',
  'RetryPolicy', 'SuggestionConnection', 'SuggestionEdge', 'TaskAttempt', 'TaskConnection', 'TaskCounts', 'TaskEdge', 'TaskError', 'Trigger',
  'WorkflowConnection', 'WorkflowEdge',
]

/** Keeps each thing once, by its id: whatever brings news of it, an answer or an event, changes it on every screen. */
export function createCache(): Exchange {
  return cacheExchange({ keys: Object.fromEntries(parts.map((name) => [name, () => null])) })
}

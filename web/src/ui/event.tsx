import { Link } from '@tanstack/react-router'
import type { ActivityQuery } from '../gql'
import type { LiveEvent } from '../live/stream'
import { type Tone, toneFill } from './status'
import { Ago } from './time'

export type ShownEvent = LiveEvent | ActivityQuery['events']['edges'][number]['node']

const tones: [RegExp, Tone][] = [
  [/COMPLETED|APPROVED|ANSWERED/, 'good'],
  [/FAILED|REJECTED|LEASE_EXPIRED|REMOVED|DELETED/, 'bad'],
  [/AWAITING_APPROVAL|SUGGESTION/, 'ask'],
  [/PAUSED|CANCELLED|SKIPPED|RETRY|RETRIED|RELEASED|EXPIRED/, 'warn'],
  [/STARTED|CLAIMED|PROGRESSED|RESUMED|READY/, 'info'],
]

/** How an event should feel. */
export function toneOf(type: string): Tone {
  return tones.find(([pattern]) => pattern.test(type))?.[1] ?? 'soft'
}

/** TASK_RETRY_SCHEDULED → "retry scheduled": the noun is said by what stands beside it. */
export function verbOf(type: string): string {
  return type.replace(/^(WORKFLOW|TASK|AGENT|SUGGESTION|COMMENT|APPROVAL_POLICY|USER|API_KEY)_/, '').replaceAll('_', ' ').toLowerCase()
}

/** "progress 40 → 60": a change with its values where they are short, else only what changed. */
export function changeWords({ field, before, after }: { field: string; before: unknown; after: unknown }): string {
  if (!isShort(before) || !isShort(after) || after === null) return field
  return before === null ? `${field} ${after}` : `${field} ${before} → ${after}`
}

/** No longer than the longest state. Times are no help: they say when, as the event does. */
function isShort(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= 'AWAITING_APPROVAL'.length
  return value === null || typeof value === 'number' || typeof value === 'boolean'
}

/** What an event is about, by the name that people know it by. */
export function subjectOf(event: ShownEvent): string {
  switch (event.__typename) {
    case 'WorkflowEvent':
      return event.workflow?.name ?? 'Workflow'
    case 'TaskEvent':
      return event.task?.name ?? 'Task'
    case 'AgentEvent':
      return event.agent?.name ?? 'Agent'
    case 'SuggestionEvent':
      return event.suggestion?.action ?? 'Suggestion'
    case 'CommentEvent':
      return event.comment?.body ?? 'Comment'
    case 'ApprovalPolicyEvent':
      return event.approvalPolicy?.name ?? 'Approval policy'
    case 'AccessEvent':
      return event.apiKeyId ? 'API key' : 'User'
  }
}

/** The subject, leading to where it is. */
export function Subject({ event }: { event: ShownEvent }) {
  const text = subjectOf(event)
  const className = 'font-medium hover:underline'
  switch (event.__typename) {
    case 'WorkflowEvent':
      return (
        <Link to="/workflows/$id" params={{ id: event.workflowId }} className={className}>
          {text}
        </Link>
      )
    case 'TaskEvent':
    case 'CommentEvent':
    case 'SuggestionEvent':
      return (
        <Link to="." search={(search) => ({ ...search, task: event.taskId })} className={className}>
          {text}
        </Link>
      )
    case 'AgentEvent':
      return (
        <Link to="/agents" className={className}>
          {text}
        </Link>
      )
    case 'ApprovalPolicyEvent':
    case 'AccessEvent':
      return <span className="font-medium">{text}</span>
  }
}

/** One line of a feed. */
export function EventLine({ event }: { event: ShownEvent }) {
  return (
    <li className="flex items-center gap-3 px-4 py-2 text-sm">
      <span className={`size-2 shrink-0 rounded-full ${toneFill[toneOf(event.type)]}`} />
      <span className="flex min-w-0 flex-1 gap-1.5" title={`by ${event.actor.name}`}>
        <span className="truncate">
          <Subject event={event} />
        </span>
        <span className="shrink-0 text-soft">{verbOf(event.type)}</span>
      </span>
      <Ago at={event.at} className="shrink-0 text-xs text-faint" />
    </li>
  )
}

import type { FeedEvent } from '../live/feed'

type Tone = 'good' | 'info' | 'warn' | 'bad' | 'ask' | 'soft'

const dot: Record<Tone, string> = { good: 'bg-good', info: 'bg-info', warn: 'bg-warn', bad: 'bg-bad', ask: 'bg-ask', soft: 'bg-faint' }

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
  return type.replace(/^(WORKFLOW|TASK|AGENT|SUGGESTION|COMMENT|USER|API_KEY)_/, '').replaceAll('_', ' ').toLowerCase()
}

/** What an event is about, by the name that people know it by. */
export function subjectOf(event: FeedEvent): string {
  return event.task?.name ?? event.suggestion?.action ?? event.comment?.body ?? event.workflow?.name ?? event.agent?.name ?? nounOf(event.type)
}

function nounOf(type: string): string {
  return type.startsWith('API_KEY') ? 'API key' : (type.split('_')[0] ?? '').toLowerCase()
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })

/** One line of the feed. */
export function EventLine({ event }: { event: FeedEvent }) {
  return (
    <li className="flex items-baseline gap-3 px-4 py-2 text-sm">
      <span className={`size-2 shrink-0 translate-y-[-1px] self-center rounded-full ${dot[toneOf(event.type)]}`} />
      <span className="min-w-0 flex-1 truncate">
        <span className="font-medium">{subjectOf(event)}</span> <span className="text-soft">{verbOf(event.type)}</span>
      </span>
      <span className="hidden max-w-40 shrink-0 truncate text-soft sm:block">{event.actor.name}</span>
      <time className="shrink-0 font-mono text-xs text-faint tabular-nums" dateTime={event.at}>
        {clock.format(new Date(event.at))}
      </time>
    </li>
  )
}

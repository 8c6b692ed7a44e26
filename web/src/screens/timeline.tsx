import { Link } from '@tanstack/react-router'
import { type AttemptOutcome, TimelineDocument, type TimelineQuery } from '../gql'
import { useLiveQuery, useNow } from '../live/hooks'
import type { Paging } from '../search'
import { Empty, Loading, Problem } from '../ui/controls'
import { Pager } from '../ui/pager'
import { StatusIcon, type Tone, toneFill, wordsOf } from '../ui/status'
import { lasting } from '../ui/time'
import { extentOf, placeOf, type Span, ticksOf, waitOf } from './timeline-scale'

type Task = NonNullable<TimelineQuery['workflow']>['tasks']['edges'][number]['node']
type Attempt = Task['attempts'][number]

const tones: Record<AttemptOutcome, Tone> = {
  COMPLETED: 'good',
  FAILED: 'bad',
  LEASE_EXPIRED: 'bad',
  TIMED_OUT: 'bad',
  RELEASED: 'warn',
  SUSPENDED: 'ask',
  CANCELLED: 'soft',
}

/** Who held which task when, attempt by attempt. */
export function Timeline({ id, place }: { id: string; place: Paging }) {
  const { data, error, refetch } = useLiveQuery(
    TimelineDocument,
    { id, after: place.after },
    (event) => event.__typename === 'TaskEvent' && event.workflowId === id && event.type !== 'TASK_PROGRESSED',
  )
  const now = useNow(1000)
  if (error) return <Problem error={error} retry={refetch} />
  if (!data?.workflow) return <Loading rows={5} />
  const { edges, pageInfo, totalCount } = data.workflow.tasks
  const tasks = edges.map((edge) => edge.node)
  const extent = extentOf(
    tasks.flatMap((task) => [task.attempts, waitOf(task) ?? []].flat()),
    now,
  )
  if (!extent) return <Empty title="Nothing has begun">As soon as an agent claims a task, it shows here.</Empty>
  return (
    <div className="overflow-hidden rounded-xl border border-line bg-surface">
      <div className="grid grid-cols-[8.5rem_minmax(0,1fr)] sm:grid-cols-[16rem_minmax(0,1fr)] text-sm">
        <span className="border-b border-line px-4 py-2 text-xs text-faint">Task</span>
        <Scale extent={extent} />
        {tasks.map((task) => (
          <Row key={task.id} task={task} extent={extent} now={now} />
        ))}
      </div>
      {pageInfo.hasNextPage || pageInfo.hasPreviousPage ? <Pager page={pageInfo} shown={`${tasks.length} of ${totalCount} tasks`} /> : null}
    </div>
  )
}

function Scale({ extent }: { extent: Span }) {
  return (
    <div className="relative mr-4 border-b border-line" aria-hidden>
      {ticksOf(extent).map((tick) => (
        <span key={tick} className="absolute top-2 -translate-x-full pr-1 text-xs text-faint tabular-nums" style={{ left: `${(100 * tick) / (extent.to - extent.from)}%` }}>
          {lasting(tick)}
        </span>
      ))}
    </div>
  )
}

function Row({ task, extent, now }: { task: Task; extent: Span; now: number }) {
  const wait = waitOf(task)
  return (
    <>
      <Link to="." search={(search) => ({ ...search, task: task.id })} className="flex h-9 items-center gap-2 px-4 hover:underline">
        <StatusIcon status={task.status} size={13} />
        <span className="truncate">{task.name}</span>
      </Link>
      <div className="relative mr-4">
        {ticksOf(extent).map((tick) => (
          <div key={tick} className="absolute inset-y-0 w-px bg-line" style={{ left: `${(100 * tick) / (extent.to - extent.from)}%` }} />
        ))}
        <ul aria-label={`Attempts of ${task.name}`}>
          {task.attempts.map((attempt) => (
            <Held key={attempt.number} attempt={attempt} extent={extent} now={now} />
          ))}
          {wait && <Bar {...wait} extent={extent} now={now} look="border border-dashed border-ask bg-ask/12" words="Waits for a person" />}
        </ul>
      </div>
    </>
  )
}

function Held({ attempt, extent, now }: { attempt: Attempt; extent: Span; now: number }) {
  const outcome = attempt.outcome ? wordsOf(attempt.outcome) : 'Held now'
  const look = attempt.outcome ? toneFill[tones[attempt.outcome]] : `${toneFill.info} animate-pulse`
  return <Bar {...attempt} extent={extent} now={now} look={look} words={`Attempt ${attempt.number} by ${attempt.agent.name}: ${outcome.toLowerCase()}`} />
}

type BarProps = { claimedAt: string; finishedAt: string | null; extent: Span; now: number; look: string; words: string }

/** What lasts until now when it has no end. */
function Bar({ claimedAt, finishedAt, extent, now, look, words }: BarProps) {
  const from = Date.parse(claimedAt)
  const to = finishedAt ? Date.parse(finishedAt) : Math.max(now, from)
  const { left, width } = placeOf({ from, to }, extent)
  const all = `${words}, ${lasting(to - from)}`
  return (
    <li title={all} className="absolute top-2 h-5" style={{ left: `${left}%`, width: `${width}%` }}>
      <span className={`block h-full rounded ${look}`} />
      <span className="sr-only">{all}</span>
    </li>
  )
}

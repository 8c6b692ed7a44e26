import { Link, useSearch } from '@tanstack/react-router'
import { lazy, type ReactNode, Suspense, useState } from 'react'
import { ActivityDocument, type EventType, OverviewDocument, type OverviewQuery } from '../gql'
import { useEvents, useLiveQuery, useMaySteer, useNow } from '../live/hooks'
import type { LiveEvent } from '../live/stream'
import { type Range, ranges } from '../search'
import { StartDemonstration } from '../ui/command'
import { Empty, Loading, Panel, Problem } from '../ui/controls'
import { nounFor } from '../ui/count'
import { EventLine } from '../ui/event'
import { InGraphiQL, PageHead } from '../ui/page'
import { AskIcon, lookOf, StatusIcon, type Tone, toneFill, toneText } from '../ui/status'
import { TaskBar } from '../ui/task-bar'
import { Ago, lasting } from '../ui/time'

const ThroughputChart = lazy(() => import('./throughput'))
const RetryFailed = lazy(() => import('./retry-failed'))

const spans: Record<Range, { seconds: number; bucketSeconds: number; words: string }> = {
  '1h': { seconds: 3600, bucketSeconds: 60, words: 'the last hour' },
  '24h': { seconds: 86_400, bucketSeconds: 1800, words: 'the last 24 hours' },
  '7d': { seconds: 604_800, bucketSeconds: 14_400, words: 'the last 7 days' },
}

/** What to ask for: whole buckets, so that the same is asked until the next one begins. */
export function variablesOf(range: Range, now: number): { from: string; bucketSeconds: number } {
  const { seconds, bucketSeconds } = spans[range]
  const end = Math.floor(now / 1000 / bucketSeconds) * bucketSeconds
  return { from: new Date((end - seconds + bucketSeconds) * 1000).toISOString(), bucketSeconds }
}

/** All at a glance: how much moves and ends, what failed, what waits for a person, how the fleet is. */
export function Overview() {
  const { range = '24h' } = useSearch({ from: '/' })
  const variables = variablesOf(range, useNow(10_000))
  const { data, error, refetch } = useLiveQuery(OverviewDocument, variables, changesOverview, 2000)
  return (
    <>
      <PageHead title="Overview">
        <Ranges range={range} />
        <InGraphiQL query={OverviewDocument} variables={variables} />
      </PageHead>
      {error && <Problem error={error} retry={refetch} />}
      {!data && !error && <Loading rows={6} />}
      {data && (
        <div className="space-y-4">
          <Figures data={data} />
          <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_24rem]">
            <div className="grid grid-cols-[minmax(0,1fr)] gap-4 lg:grid-cols-2">
              <Throughput data={data} range={range} />
              <Waiting data={data} />
              <Failed data={data} />
              <ActiveWorkflows data={data} />
              <Fleet data={data} />
            </div>
            <Happening />
          </div>
        </div>
      )}
    </>
  )
}

function changesOverview(event: LiveEvent): boolean {
  return event.type !== 'TASK_PROGRESSED' && event.type !== 'WORKFLOW_PROGRESSED' && event.__typename !== 'CommentEvent'
}

function Ranges({ range }: { range: Range }) {
  return (
    <nav aria-label="Time" className="flex rounded-lg border border-line bg-surface p-0.5">
      {ranges.map((one) => (
        <Link key={one} to="/" search={{ range: one === '24h' ? undefined : one }} data-chosen={one === range || undefined} className="rounded-md px-2.5 py-1 text-sm text-soft hover:text-ink data-chosen:bg-raised data-chosen:text-ink">
          {one}
        </Link>
      ))}
    </nav>
  )
}

function Figures({ data: { stats } }: { data: OverviewQuery }) {
  return (
    <dl className="grid grid-cols-2 gap-3 sm:grid-cols-3 xl:grid-cols-6">
      <Figure name="Running" value={stats.workflows.running} tone="info" note={stats.workflows.paused > 0 ? `${stats.workflows.paused} paused` : nounFor(stats.workflows.running, 'workflow')} to={<Link to="/workflows" search={{ status: ['RUNNING'] }} className="absolute inset-0" aria-label="Running workflows" />} />
      <Figure name="In progress" value={stats.tasks.inProgress} tone="info" note={`${stats.tasks.ready} ready to claim`} />
      <Figure name="Done today" value={stats.tasks.completedToday} tone="good" note={stats.tasks.overdue > 0 ? `${stats.tasks.overdue} overdue` : nounFor(stats.tasks.completedToday, 'task')} />
      <Figure name="Success" value={stats.successRate === null ? '–' : `${Math.round(stats.successRate * 1000) / 10}%`} tone="good" note={stats.duration.p50Ms === null ? 'no task ended' : `half in ${lasting(stats.duration.p50Ms)}`} />
      <Figure name="Waiting for you" value={stats.suggestions.pending} tone="ask" note={stats.suggestions.oldestPendingAt ? <Ago at={stats.suggestions.oldestPendingAt} /> : 'nobody waits'} to={<Link to="/inbox" className="absolute inset-0" aria-label="Inbox" />} />
      <Figure name="Failed" value={stats.tasks.failed} tone="bad" note={nounFor(stats.tasks.failed, 'task')} to={<Link to="/workflows" search={{ status: ['FAILED'] }} className="absolute inset-0" aria-label="Failed workflows" />} />
    </dl>
  )
}

function Figure({ name, value, tone, note, to }: { name: string; value: number | string; tone: Tone; note: ReactNode; to?: ReactNode }) {
  const alarming = value !== 0 && (tone === 'ask' || tone === 'bad')
  return (
    <div className={`relative rounded-xl border border-line bg-surface px-4 py-3 ${to ? 'transition hover:border-brand' : ''}`}>
      <dt className="flex items-center gap-2 text-sm text-soft">
        <span className={`size-2 rounded-full ${toneFill[tone]}`} />
        {name}
        {to}
      </dt>
      <dd className="mt-1 flex min-w-0 items-baseline gap-2">
        <span className={`text-2xl font-semibold tracking-tight tabular-nums ${alarming ? toneText[tone] : ''}`}>{value.toLocaleString()}</span>
        <span className="min-w-0 truncate text-xs text-faint">{note}</span>
      </dd>
    </div>
  )
}

function Throughput({ data: { stats }, range }: { data: OverviewQuery; range: Range }) {
  const { duration, queueWait, approvalLatency } = stats
  const times: [string, number | null][] = [
    ['Waited', queueWait.p95Ms],
    ['Took', duration.p95Ms],
    ['Decided', approvalLatency.p95Ms],
  ]
  return (
    <Panel
      title="Throughput"
      className="lg:col-span-2"
      aside={
        <span className="hidden gap-4 sm:flex">
          {times.map(([name, milliseconds]) => (
            <span key={name} title={`95 of 100 within this, in ${spans[range].words}`}>
              {name} <span className="text-ink tabular-nums">{milliseconds === null ? '–' : lasting(milliseconds)}</span>
            </span>
          ))}
          <span className="text-faint">p95</span>
        </span>
      }
    >
      <div className="h-48 px-2 py-2">
        <Suspense>
          <ThroughputChart buckets={stats.throughput} />
        </Suspense>
      </div>
    </Panel>
  )
}

function ActiveWorkflows({ data }: { data: OverviewQuery }) {
  return (
    <Panel title="Moving now" aside={<More to="/workflows" />}>
      {data.active.edges.length === 0 && (
        <Empty title="Nothing runs">
          Run the first example in{' '}
          <a href="/graphiql" className="text-brand hover:underline">
            GraphiQL
          </a>{' '}
          and watch it here.
          <StartDemonstration />
        </Empty>
      )}
      <ul className="divide-y divide-line">
        {data.active.edges.map(({ node }) => (
          <li key={node.id}>
            <Link to="/workflows/$id" params={{ id: node.id }} className="block space-y-2 px-4 py-2.5 hover:bg-raised/60">
              <span className="flex items-center gap-2 text-sm">
                <StatusIcon status={node.status} />
                <span className="min-w-0 flex-1 truncate font-medium">{node.name}</span>
                <span className="text-soft tabular-nums">{node.progress}%</span>
              </span>
              <TaskBar counts={node.taskCounts} />
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function Fleet({ data }: { data: OverviewQuery }) {
  const agents = data.agents.edges.map((edge) => edge.node)
  const { total, offline } = data.stats.agents
  const held = agents.reduce((sum, agent) => sum + agent.activeTasks, 0)
  const capacity = agents.reduce((sum, agent) => sum + agent.maxConcurrency, 0)
  return (
    <Panel title="Fleet" aside={<More to="/agents" />}>
      {agents.length === 0 ? (
        <Empty title={total === 0 ? 'No agents yet' : 'No agent is alive'}>{total === 0 ? 'Whatever calls registerAgent appears here at once.' : `${total} are offline.`}</Empty>
      ) : (
        <div className="p-4">
          <p className="text-sm text-soft">
            <span className="text-ink tabular-nums">{total - offline}</span> of {total} alive, <span className="text-ink tabular-nums">{held}</span> of {capacity} places taken
          </p>
          <ul className="mt-3 flex flex-wrap gap-1.5">
            {agents.map((agent) => (
              <li key={agent.id} title={`${agent.name}: ${agent.status.toLowerCase()}`} className="flex items-center gap-1.5 rounded-full border border-line px-2.5 py-1 text-xs">
                <StatusIcon status={agent.status} size={12} />
                <span className={lookOf(agent.status).tone === 'soft' ? 'text-faint' : ''}>{agent.name}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </Panel>
  )
}

function Waiting({ data }: { data: OverviewQuery }) {
  const waiting = data.waiting.edges.map((edge) => edge.node).filter((suggestion) => suggestion.status === 'PENDING')
  return (
    <Panel title="Waiting for a person" aside={<More to="/inbox" />}>
      {waiting.length === 0 && <Empty title="Nobody waits for you" />}
      <ul className="divide-y divide-line">
        {waiting.map((suggestion) => (
          <li key={suggestion.id}>
            <Link to="/inbox" className="flex items-center gap-3 px-4 py-2.5 text-sm hover:bg-raised/60">
              <AskIcon {...suggestion} />
              <span className="min-w-0 flex-1 truncate">
                <span className="font-medium">{suggestion.action}</span> <span className="text-soft">{suggestion.agent.name}</span>
              </span>
              <Ago at={suggestion.createdAt} className="text-xs text-faint" />
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function Failed({ data }: { data: OverviewQuery }) {
  const mayRetry = useMaySteer() && data.failed.edges.length > 0
  return (
    <Panel title="Failing now" aside={mayRetry && <Suspense><RetryFailed /></Suspense>}>
      {data.failed.edges.length === 0 && <Empty title="Nothing has failed" />}
      <ul className="divide-y divide-line">
        {data.failed.edges.map(({ node }) => (
          <li key={node.id}>
            <Link to="." search={{ task: node.id }} className="flex items-center gap-3 px-4 py-2.5 text-sm hover:bg-raised/60">
              <StatusIcon status={node.status} />
              <span className="min-w-0 flex-1">
                <span className="block truncate font-medium">
                  {node.name} <span className="font-normal text-soft">{node.workflow.name}</span>
                </span>
                {node.error && <span className="block truncate text-bad">{node.error.message}</span>}
              </span>
              {node.finishedAt && <Ago at={node.finishedAt} className="text-xs text-faint" />}
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

/** How many events the feed keeps. */
const kept = 40
const feedVariables = { filter: {}, first: kept }

/** Progress shows where it is made; here it would hide all else. */
function isTold({ type }: { type: EventType }): boolean {
  return !type.endsWith('_PROGRESSED')
}

function Happening() {
  const { data } = useLiveQuery(ActivityDocument, feedVariables)
  const [live, setLive] = useState<LiveEvent[]>([])
  useEvents((events) => {
    const told = events.filter(isTold)
    if (told.length > 0) setLive((before) => [...told.toReversed(), ...before].slice(0, kept))
  })
  const seen = new Set(live.map((event) => event.id))
  const earlier = data?.events.edges.map((edge) => edge.node).filter((event) => !seen.has(event.id) && isTold(event)) ?? []
  const shown = [...live, ...earlier].slice(0, kept)
  return (
    <Panel title="Happening now" aside={<More to="/activity" />} className="max-h-[calc(100dvh-14rem)] xl:min-h-96">
      {shown.length === 0 && <Empty title="Quiet so far" />}
      <ol className="divide-y divide-line overflow-y-auto">
        {shown.map((event) => (
          <EventLine key={event.id} event={event} />
        ))}
      </ol>
    </Panel>
  )
}

function More({ to }: { to: '/workflows' | '/agents' | '/inbox' | '/activity' }) {
  return (
    <Link to={to} className="text-sm text-soft hover:text-ink hover:underline">
      All
    </Link>
  )
}

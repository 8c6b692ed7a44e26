import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { ActivityDocument, OverviewDocument, type OverviewQuery } from '../gql'
import { useEvents, useLiveQuery } from '../live/hooks'
import type { LiveEvent } from '../live/stream'
import { Empty, Loading, Panel, Problem } from '../ui/controls'
import { EventLine } from '../ui/event'
import { InGraphiQL, PageHead } from '../ui/page'
import { lookOf, StatusIcon, type Tone, toneFill, toneText } from '../ui/status'
import { TaskBar } from '../ui/task-bar'
import { Ago } from '../ui/time'

/** All at a glance: how much moves, what failed, what waits for a person, how the fleet is. */
export function Overview() {
  const { data, error, refetch } = useLiveQuery(OverviewDocument, {}, changesOverview)
  return (
    <>
      <PageHead title="Overview">
        <InGraphiQL query={OverviewDocument} variables={{}} />
      </PageHead>
      {error && <Problem error={error} retry={refetch} />}
      {!data && !error && <Loading rows={6} />}
      {data && (
        <div className="space-y-4">
          <Figures data={data} />
          <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_24rem]">
            <div className="grid gap-4 lg:grid-cols-2">
              <ActiveWorkflows data={data} />
              <Fleet data={data} />
              <Waiting data={data} />
              <Failed data={data} />
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

function Figures({ data }: { data: OverviewQuery }) {
  return (
    <dl className="grid grid-cols-2 gap-3 sm:grid-cols-3 xl:grid-cols-6">
      <Figure name="Running workflows" value={data.running.totalCount} tone="info" to={<Link to="/workflows" search={{ status: ['RUNNING'] }} className="absolute inset-0" aria-label="Running workflows" />} />
      <Figure name="Paused" value={data.paused.totalCount} tone="warn" to={<Link to="/workflows" search={{ status: ['PAUSED'] }} className="absolute inset-0" aria-label="Paused workflows" />} />
      <Figure name="Tasks in progress" value={data.inProgress.totalCount} tone="info" />
      <Figure name="Ready to claim" value={data.ready.totalCount} tone="soft" />
      <Figure name="Waiting for you" value={data.waiting.totalCount} tone="ask" to={<Link to="/inbox" className="absolute inset-0" aria-label="Inbox" />} />
      <Figure name="Failed tasks" value={data.failed.totalCount} tone="bad" to={<Link to="/workflows" search={{ status: ['FAILED'] }} className="absolute inset-0" aria-label="Failed workflows" />} />
    </dl>
  )
}

function Figure({ name, value, tone, to }: { name: string; value: number; tone: Tone; to?: ReactNode }) {
  return (
    <div className={`relative rounded-xl border border-line bg-surface px-4 py-3 ${to ? 'transition hover:border-brand' : ''}`}>
      <dt className="flex items-center gap-2 text-sm text-soft">
        <span className={`size-2 rounded-full ${toneFill[tone]}`} />
        {name}
        {to}
      </dt>
      <dd className={`mt-1 text-2xl font-semibold tracking-tight tabular-nums ${value > 0 && (tone === 'ask' || tone === 'bad') ? toneText[tone] : ''}`}>{value.toLocaleString()}</dd>
    </div>
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
  const alive = agents.filter((agent) => agent.status !== 'OFFLINE')
  const held = alive.reduce((sum, agent) => sum + agent.activeTasks, 0)
  const capacity = alive.reduce((sum, agent) => sum + agent.maxConcurrency, 0)
  return (
    <Panel title="Fleet" aside={<More to="/agents" />}>
      {agents.length === 0 ? (
        <Empty title="No agents yet">Whatever calls registerAgent appears here at once.</Empty>
      ) : (
        <div className="p-4">
          <p className="text-sm text-soft">
            <span className="text-ink tabular-nums">{alive.length}</span> of {data.agents.totalCount} alive, <span className="text-ink tabular-nums">{held}</span> of {capacity} places taken
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
              <StatusIcon status={suggestion.blocking ? 'AWAITING_APPROVAL' : 'PENDING'} />
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
  return (
    <Panel title="Failed last">
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

function Happening() {
  const { data } = useLiveQuery(ActivityDocument, feedVariables)
  const [live, setLive] = useState<LiveEvent[]>([])
  useEvents((events) => setLive((before) => [...events.toReversed(), ...before].slice(0, kept)))
  const seen = new Set(live.map((event) => event.id))
  const earlier = data?.events.edges.map((edge) => edge.node).filter((event) => !seen.has(event.id)) ?? []
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

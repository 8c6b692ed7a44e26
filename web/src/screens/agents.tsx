import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { AgentsDocument, type AgentsQuery } from '../gql'
import { useLiveQuery } from '../live/hooks'
import type { LiveEvent } from '../live/stream'
import { Empty, Loading, Problem } from '../ui/controls'
import { InGraphiQL, PageHead } from '../ui/page'
import { Progress, StatusLabel } from '../ui/status'
import { Ago, lasting } from '../ui/time'

type Agent = AgentsQuery['agents']['edges'][number]['node']

/** Heartbeats are no events: without asking anew their age would only grow. */
const refreshEvery = 5000

/** The fleet: who is alive, what each works on, and how well it does. */
export function Agents() {
  const [hideOffline, setHideOffline] = useState(false)
  const variables = { filter: hideOffline ? { status: { neq: 'OFFLINE' as const } } : {} }
  const { data, error, refetch } = useLiveQuery(AgentsDocument, variables, concernsFleet)
  useRefresh(refetch)
  return (
    <>
      <PageHead title="Agents">
        <label className="flex items-center gap-2 text-sm text-soft">
          <input type="checkbox" checked={hideOffline} onChange={(event) => setHideOffline(event.target.checked)} className="size-4 accent-brand" />
          Hide offline
        </label>
        <InGraphiQL query={AgentsDocument} variables={variables} />
      </PageHead>
      {error && <Problem error={error} retry={refetch} />}
      {!data && !error && <Loading rows={4} />}
      {data?.agents.edges.length === 0 && <NoAgents />}
      <ul className="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">{data?.agents.edges.map(({ node }) => <AgentCard key={node.id} agent={node} />)}</ul>
      {data?.agents.pageInfo.hasNextPage && <p className="mt-4 text-sm text-soft">Shown are the first 100 of {data.agents.totalCount}, by name.</p>}
    </>
  )
}

function concernsFleet(event: LiveEvent): boolean {
  return event.__typename === 'AgentEvent' || event.type === 'TASK_CLAIMED'
}

function useRefresh(refetch: () => void) {
  useEffect(() => {
    const timer = setInterval(() => document.hidden || refetch(), refreshEvery)
    return () => clearInterval(timer)
  })
}

function AgentCard({ agent }: { agent: Agent }) {
  return (
    <li className="flex flex-col gap-3 rounded-xl border border-line bg-surface p-4">
      <div className="flex items-center gap-3">
        <h2 className="min-w-0 flex-1 truncate font-medium">{agent.name}</h2>
        <StatusLabel status={agent.status} />
      </div>
      {agent.description && <p className="line-clamp-2 text-sm text-soft">{agent.description}</p>}
      <div className="min-h-11 text-sm">{agent.currentTask ? <CurrentTask task={agent.currentTask} more={agent.activeTasks - 1} /> : <p className="text-faint">Holds no task.</p>}</div>
      <dl className="grid grid-cols-3 gap-2 border-t border-line pt-3 text-sm">
        <Figure name="Heartbeat" value={agent.lastHeartbeatAt ? <Ago at={agent.lastHeartbeatAt} /> : 'never'} />
        <Figure name="Success" value={agent.successRate === null ? '–' : `${Math.round(agent.successRate * 100)}% of ${agent.totalTasks}`} />
        <Figure name="Per task" value={agent.avgDurationMs === null ? '–' : lasting(agent.avgDurationMs)} />
      </dl>
      {agent.capabilities.length > 0 && (
        <ul aria-label="Capabilities" className="flex flex-wrap gap-1.5">
          {agent.capabilities.map((capability) => (
            <li key={capability} className="rounded bg-raised px-1.5 py-0.5 text-xs text-soft">
              {capability}
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}

function CurrentTask({ task, more }: { task: NonNullable<Agent['currentTask']>; more: number }) {
  return (
    <>
      <div className="mb-1.5 flex items-baseline gap-2">
        <Link to="." search={(search) => ({ ...search, task: task.id })} className="truncate hover:underline">
          {task.name}
        </Link>
        {more > 0 && <span className="shrink-0 text-xs text-faint">and {more} more</span>}
      </div>
      <Progress value={task.progress} label={`Progress of ${task.name}`} />
    </>
  )
}

function Figure({ name, value }: { name: string; value: React.ReactNode }) {
  return (
    <div>
      <dt className="text-xs text-faint">{name}</dt>
      <dd className="truncate tabular-nums">{value}</dd>
    </div>
  )
}

function NoAgents() {
  return (
    <Empty title="No agents yet">Any program that calls registerAgent appears here at once.</Empty>
  )
}

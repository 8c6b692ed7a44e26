import { Link } from '@tanstack/react-router'
import { CirclePause, CirclePlay } from 'lucide-react'
import { useEffect } from 'react'
import { useClient } from 'urql'
import { AgentsDocument, type AgentsQuery, DrainAgentDocument } from '../gql'
import { useLiveQuery, useMaySteer } from '../live/hooks'
import type { LiveEvent } from '../live/stream'
import { StartDemonstration } from '../ui/command'
import { Button, Empty, Loading, Problem } from '../ui/controls'
import { counted } from '../ui/count'
import { InGraphiQL, PageHead } from '../ui/page'
import { lookOf, Progress, StatusLabel, toneFill, wordsOf } from '../ui/status'
import { useStored } from '../ui/stored'
import { Ago, lasting } from '../ui/time'
import { complain } from '../ui/toast'

type Agent = AgentsQuery['agents']['edges'][number]['node']

/** Heartbeats are no events: without asking anew their age would only grow. What agents hold is asked with them. */
const refreshEvery = 5000

/** The fleet: who is alive, what each works on, and how well it does. */
export function Agents() {
  const [hideOffline, setHideOffline] = useStored('wfd.hide-offline', (kept) => kept === true)
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
  return event.type === 'AGENT_REGISTERED' || event.type === 'AGENT_REMOVED'
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
        {agent.draining && <span className="rounded-full bg-warn/12 px-2 py-0.5 text-xs font-medium text-warn">Draining</span>}
        <StatusLabel status={agent.status} />
      </div>
      {agent.description && <p className="line-clamp-2 text-sm text-soft">{agent.description}</p>}
      <div className="min-h-11 text-sm">{agent.currentTask && agent.activeTasks > 0 ? <CurrentTask task={agent.currentTask} more={agent.activeTasks - 1} /> : <p className="text-faint">Holds {agent.activeTasks > 0 ? counted(agent.activeTasks, 'task') : 'no task'}.</p>}</div>
      <dl className="grid grid-cols-3 gap-2 border-t border-line pt-3 text-sm">
        <Figure name="Heartbeat" value={agent.lastHeartbeatAt ? <Ago at={agent.lastHeartbeatAt} /> : 'never'} />
        <Figure name="Success" value={agent.successRate === null ? '–' : `${Math.round(agent.successRate * 100)}% of ${agent.totalTasks}`} />
        <Figure name="Per task" value={agent.avgDurationMs === null ? '–' : lasting(agent.avgDurationMs)} />
      </dl>
      <Recent tasks={agent.recentTasks} name={agent.name} />
      <div className="mt-auto flex items-end gap-3">
        <ul aria-label="Capabilities" className="flex min-w-0 flex-1 flex-wrap gap-1.5">
          {agent.capabilities.map((capability) => (
            <li key={capability} className="rounded bg-raised px-1.5 py-0.5 text-xs text-soft">
              {capability}
            </li>
          ))}
        </ul>
        <Drain agent={agent} />
      </div>
    </li>
  )
}

/** The last tasks as bars, the newest at the right: as high as each took long among them, and coloured as it ended. */
function Recent({ tasks, name }: { tasks: Agent['recentTasks']; name: string }) {
  const longest = Math.max(1, ...tasks.map((task) => task.durationMs ?? 0))
  const completed = tasks.filter(({ status }) => status === 'COMPLETED').length
  if (tasks.length === 0) return <div className="h-8" />
  return (
    <div role="img" aria-label={`The last ${counted(tasks.length, 'task')} of ${name}: ${completed} completed`} className="flex h-8 items-end justify-end gap-0.5">
      {tasks.toReversed().map((task) => (
        <span
          key={task.id}
          title={`${task.name}: ${wordsOf(task.status).toLowerCase()}${task.durationMs === null ? '' : ` in ${lasting(task.durationMs)}`}`}
          className={`max-w-3 min-w-1 flex-1 rounded-xs ${toneFill[lookOf(task.status).tone]}`}
          style={{ height: `${15 + (85 * (task.durationMs ?? 0)) / longest}%` }}
        />
      ))}
    </div>
  )
}

/** A drained agent finishes what it holds and takes nothing new. */
function Drain({ agent }: { agent: Agent }) {
  const client = useClient()
  if (!useMaySteer()) return null
  const change = async () => {
    const { error } = await client.mutation(DrainAgentDocument, { id: agent.id, draining: !agent.draining })
    if (error) complain(error)
  }
  return (
    <Button Icon={agent.draining ? CirclePlay : CirclePause} aria-label={`${agent.draining ? 'Resume' : 'Drain'} ${agent.name}`} title={agent.draining ? 'Let it take tasks again' : 'Let it finish what it holds and take nothing new'} onClick={change} className="py-1">
      {agent.draining ? 'Resume' : 'Drain'}
    </Button>
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
    <Empty title="No agents yet">
      Any program that calls registerAgent appears here at once.
      <StartDemonstration />
    </Empty>
  )
}

import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { Plus, Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { type WorkflowPartsFragment, type WorkflowStatus, WorkflowsDocument, type WorkflowsQuery, type WorkflowsQueryVariables } from '../gql'
import { useLiveQuery, useMaySteer } from '../live/hooks'
import type { LiveEvent } from '../live/stream'
import { type WorkflowsSearch, workflowOrders, workflowStatuses } from '../search'
import { Empty, Loading, Problem } from '../ui/controls'
import { InGraphiQL, PageHead } from '../ui/page'
import { Pager, pageArguments } from '../ui/pager'
import { PriorityLabel, StatusIcon, StatusLabel, wordsOf } from '../ui/status'
import { TaskBar } from '../ui/task-bar'
import { Ago } from '../ui/time'

const pageSize = 50

/** What an address asks for, as the arguments of the query. */
export function variablesOf(search: WorkflowsSearch): WorkflowsQueryVariables {
  return {
    filter: {
      ...(search.name && { name: { containsIgnoreCase: search.name } }),
      ...(search.status && { status: { in: search.status } }),
    },
    orderBy: { field: search.order ?? 'CREATED_AT', direction: search.ascending ? 'ASC' : 'DESC' },
    ...pageArguments(search, pageSize),
  }
}

/** All workflows: filtered, ordered, paged, live. */
export function Workflows() {
  const search = useSearch({ from: '/workflows' })
  const maySteer = useMaySteer()
  const variables = variablesOf(search)
  const { data, error, refetch } = useLiveQuery(WorkflowsDocument, variables, movesLists)
  return (
    <>
      <PageHead title="Workflows">
        {maySteer && (
          <Link to="/workflows/new" className="inline-flex items-center gap-1.5 rounded-lg bg-brand px-3 py-1.5 text-sm font-medium text-on-brand hover:brightness-110">
            <Plus size={15} aria-hidden /> New workflow
          </Link>
        )}
        <InGraphiQL query={WorkflowsDocument} variables={variables} />
      </PageHead>
      <Filters search={search} />
      {error && <Problem error={error} retry={refetch} />}
      <div className="overflow-hidden rounded-xl border border-line bg-surface">{data ? <Table workflows={data.workflows} search={search} /> : !error && <Loading rows={5} />}</div>
    </>
  )
}

/** Whether an event may change which workflows a list shows, or in what order. */
function movesLists(event: LiveEvent): boolean {
  return event.__typename === 'WorkflowEvent' && event.type !== 'WORKFLOW_PROGRESSED'
}

function Filters({ search }: { search: WorkflowsSearch }) {
  const navigate = useNavigate({ from: '/workflows' })
  const change = (part: Partial<WorkflowsSearch>) => navigate({ search: (before) => ({ ...before, ...part, after: undefined, before: undefined }), replace: true })
  const toggle = (status: WorkflowStatus) => {
    const chosen = search.status ?? []
    const status_ = chosen.includes(status) ? chosen.filter((one) => one !== status) : [...chosen, status]
    change({ status: status_.length > 0 ? status_ : undefined })
  }
  return (
    <div className="mb-4 flex flex-wrap items-center gap-2">
      <NameFilter name={search.name ?? ''} onChange={(name) => change({ name: name || undefined })} />
      <fieldset className="flex flex-wrap gap-1.5">
        <legend className="sr-only">Status</legend>
        {workflowStatuses.map((status) => (
          <button
            key={status}
            type="button"
            aria-pressed={search.status?.includes(status) ?? false}
            onClick={() => toggle(status)}
            className="inline-flex items-center gap-1.5 rounded-full border border-line bg-surface px-3 py-1.5 text-sm text-soft hover:text-ink aria-pressed:border-brand aria-pressed:bg-brand/10 aria-pressed:text-ink"
          >
            <StatusIcon status={status} size={13} />
            {wordsOf(status)}
          </button>
        ))}
      </fieldset>
      <label className="ml-auto flex items-center gap-2 text-sm text-soft">
        Order
        <select
          value={search.order ?? 'CREATED_AT'}
          onChange={(event) => change({ order: workflowOrders.find((order) => order === event.target.value) })}
          className="rounded-lg border border-line bg-surface px-2 py-1.5 text-ink"
        >
          {workflowOrders.map((order) => (
            <option key={order} value={order}>
              {wordsOf(order.replace('_AT', ''))}
            </option>
          ))}
        </select>
      </label>
    </div>
  )
}

/** Asks for a name once the typing pauses. */
function NameFilter({ name, onChange }: { name: string; onChange: (name: string) => void }) {
  const [text, setText] = useState(name)
  const latest = useRef(onChange)
  useEffect(() => {
    latest.current = onChange
  })
  useEffect(() => setText(name), [name])
  useEffect(() => {
    if (text === name) return
    const timer = setTimeout(() => latest.current(text), 250)
    return () => clearTimeout(timer)
  }, [text, name])
  return (
    <label className="relative w-full sm:w-64">
      <span className="sr-only">Name</span>
      <Search size={15} aria-hidden className="absolute top-1/2 left-3 -translate-y-1/2 text-faint" />
      <input type="search" value={text} onChange={(event) => setText(event.target.value)} placeholder="Find by name" className="w-full rounded-lg border border-line bg-surface py-1.5 pr-3 pl-9 text-sm" />
    </label>
  )
}

const columns = 'md:grid md:grid-cols-[minmax(0,1fr)_9rem_14rem_6rem_6rem] md:items-center md:gap-4'

function Table({ workflows, search }: { workflows: WorkflowsQuery['workflows']; search: WorkflowsSearch }) {
  if (workflows.edges.length === 0) return <NoWorkflows filtered={Boolean(search.name || search.status)} />
  return (
    <>
      <div className={`hidden border-b border-line px-4 py-2 text-xs font-medium text-faint ${columns}`} aria-hidden>
        <span>Name</span>
        <span>Status</span>
        <span>Tasks</span>
        <span>Priority</span>
        <span className="text-right">Created</span>
      </div>
      <ul className="divide-y divide-line">
        {workflows.edges.map(({ node }) => (
          <Row key={node.id} workflow={node} />
        ))}
      </ul>
      <Pager page={workflows.pageInfo} shown={`${workflows.totalCount.toLocaleString()} workflow${workflows.totalCount === 1 ? '' : 's'}`} />
    </>
  )
}

function Row({ workflow }: { workflow: WorkflowPartsFragment }) {
  const { completed, skipped, total } = workflow.taskCounts
  return (
    <li>
      <Link to="/workflows/$id" params={{ id: workflow.id }} className={`block space-y-2 px-4 py-3 hover:bg-raised/60 md:space-y-0 ${columns}`}>
        <span className="flex min-w-0 items-baseline gap-2">
          <span className="truncate font-medium">{workflow.name}</span>
          {workflow.labels.slice(0, 3).map((label) => (
            <span key={label} className="hidden shrink-0 rounded bg-raised px-1.5 py-0.5 text-xs text-soft lg:inline">
              {label}
            </span>
          ))}
        </span>
        <StatusLabel status={workflow.status} />
        <span className="flex items-center gap-3">
          <TaskBar counts={workflow.taskCounts} />
          <span className="shrink-0 text-xs text-soft tabular-nums">
            {completed + skipped}/{total}
          </span>
        </span>
        <PriorityLabel priority={workflow.priority} />
        <Ago at={workflow.createdAt} className="text-sm text-faint md:text-right" />
      </Link>
    </li>
  )
}

function NoWorkflows({ filtered }: { filtered: boolean }) {
  if (filtered) return <Empty title="No workflow matches">Take a filter away, or look for another name.</Empty>
  return (
    <Empty title="No workflows yet">
      Make one with the button above, or run the first example in{' '}
      <a href="/graphiql" className="text-brand hover:underline">
        GraphiQL
      </a>
      : it appears here at once.
    </Empty>
  )
}

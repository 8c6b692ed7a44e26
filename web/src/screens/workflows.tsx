import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { Fragment, type ReactNode, useState } from 'react'
import { type WorkflowPartsFragment, type WorkflowStatus, WorkflowsDocument, type WorkflowsQuery, type WorkflowsQueryVariables } from '../gql'
import { useLiveQuery, useMaySteer } from '../live/hooks'
import type { LiveEvent } from '../live/stream'
import { type WorkflowsSearch, workflowOrders, workflowStatuses } from '../search'
import { StartDemonstration } from '../ui/command'
import { Empty, Loading, Problem } from '../ui/controls'
import { Filter, FindField } from '../ui/filter'
import { InGraphiQL, PageHead } from '../ui/page'
import { Pager, pageArguments } from '../ui/pager'
import { PriorityLabel, StatusIcon, StatusLabel, wordsOf } from '../ui/status'
import { TaskBar } from '../ui/task-bar'
import { Ago } from '../ui/time'
import { VirtualList } from '../ui/virtual-list'
import { SavedViews } from './saved-views'
import { WorkflowsBulk } from './workflows-bulk'

const pageSize = 100

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
      <SavedViews search={search} />
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

const statusNames = Object.fromEntries(
  workflowStatuses.map((status) => [
    status,
    <Fragment key={status}>
      <StatusIcon status={status} size={13} /> {wordsOf(status)}
    </Fragment>,
  ]),
) as Record<WorkflowStatus, ReactNode>

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
      <FindField label="Find by name" value={search.name ?? ''} onChange={(name) => change({ name: name || undefined })} />
      <Filter legend="Status" values={workflowStatuses} names={statusNames} chosen={search.status ?? []} onToggle={toggle} />
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

const columns = 'md:grid md:grid-cols-[minmax(0,1fr)_9rem_14rem_6rem_6rem] md:items-center md:gap-4'

function Table({ workflows, search }: { workflows: WorkflowsQuery['workflows']; search: WorkflowsSearch }) {
  const maySteer = useMaySteer()
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set())
  if (workflows.edges.length === 0) return <NoWorkflows filtered={Boolean(search.name || search.status)} />
  const nodes = workflows.edges.map((edge) => edge.node)
  const whole = nodes.every(({ id }) => marked.has(id))
  const mark = (id: string) => setMarked(marked.has(id) ? new Set([...marked].filter((one) => one !== id)) : new Set([...marked, id]))
  return (
    <>
      <div className="flex items-center border-b border-line px-4">
        {maySteer && <input type="checkbox" aria-label="Select all on this page" checked={whole} onChange={() => setMarked(whole ? new Set() : new Set([...marked, ...nodes.map(({ id }) => id)]))} className="mr-3 size-4 shrink-0 accent-brand" />}
        {marked.size > 0 ? (
          <WorkflowsBulk marked={marked} total={workflows.totalCount} filter={variablesOf(search).filter ?? {}} onDone={() => setMarked(new Set())} />
        ) : (
          <div className={`hidden min-h-10 flex-1 text-xs font-medium text-faint ${columns}`} aria-hidden>
            <span>Name</span>
            <span>Status</span>
            <span>Tasks</span>
            <span>Priority</span>
            <span className="text-right">Created</span>
          </div>
        )}
        {marked.size === 0 && <span className="min-h-10 content-center text-xs text-faint md:hidden">Select all</span>}
      </div>
      <VirtualList items={nodes} label="Workflows" keyOf={({ id }) => id} rowHeight={45}>
        {(workflow) => <Row workflow={workflow} marked={marked.has(workflow.id)} {...(maySteer && { onMark: () => mark(workflow.id) })} />}
      </VirtualList>
      <Pager page={workflows.pageInfo} shown={`${workflows.totalCount.toLocaleString()} workflow${workflows.totalCount === 1 ? '' : 's'}`} />
    </>
  )
}

function Row({ workflow, marked, onMark }: { workflow: WorkflowPartsFragment; marked: boolean; onMark?: () => void }) {
  const { completed, skipped, total } = workflow.taskCounts
  return (
    <div data-marked={marked || undefined} className="flex items-start hover:bg-raised/60 data-marked:bg-brand/6 md:items-center">
      {onMark && <input type="checkbox" aria-label={`Select ${workflow.name}`} checked={marked} onChange={onMark} className="mt-4 ml-4 size-4 shrink-0 accent-brand md:mt-0" />}
      <Link to="/workflows/$id" params={{ id: workflow.id }} className={`block min-w-0 flex-1 space-y-2 px-4 py-3 md:space-y-0 md:py-2.5 ${onMark ? 'pl-3' : ''} ${columns}`}>
        <span className="flex min-w-0 items-baseline gap-2">
          <span className="truncate text-sm font-medium">{workflow.name}</span>
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
        <span className="mr-3 inline-block md:mr-0">
          <PriorityLabel priority={workflow.priority} />
        </span>
        <Ago at={workflow.createdAt} className="text-sm text-faint md:text-right" />
      </Link>
    </div>
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
      <StartDemonstration />
    </Empty>
  )
}
